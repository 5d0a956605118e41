#include "providers/python/bridge_runner.h"
#include "tests/contract/command_runner_contract.h"
#include "tests/python/class_place.h"

namespace rayctl {
namespace {

/// A machine of a class that has a command runner of its own.
RunnerUnderTest own_runner() {
  const auto place =
      std::make_shared<ClassPlace>("simple.SimpleProvider", Json{{"own_runner", true}});
  NodeSpec spec;
  spec.type = {"cpu"};
  LaunchRequest request{{"one"}, {{"cpu-1"}}, &spec, {"t1"}, {}};
  EXPECT_TRUE(place->client()->create(request, place->clock.now() + Millis{20'000}));
  const std::filesystem::path home = place->folder() / "homes" / "m-1";
  std::filesystem::create_directories(home);
  return {
      std::make_unique<python::BridgeRunner>(place->bridge(), ClusterName{"one"}, CloudId{"m-1"}),
      home, place};
}

/// What applies do on a node is made of these. The rest of the runner's promises are in
/// tests/python/runner_test.cc, since streams do not stream through such a runner.
INSTANTIATE_TEST_SUITE_P(OfAClass, DetachedOpContract, testing::Values(RunnerFactory(own_runner)));

}  // namespace
}  // namespace rayctl
