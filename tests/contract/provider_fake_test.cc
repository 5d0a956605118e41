#include "tests/contract/provider_contract.h"
#include "tests/support/fake_world.h"

namespace rayctl {
namespace {

ProviderUnderTest fake_provider() {
  const auto world = std::make_shared<FakeWorld>();
  const auto again = [world] { return make_fake_provider(*world); };
  return {again(), again, world};
}

INSTANTIATE_TEST_SUITE_P(Fake, ProviderContract, testing::Values(ProviderFactory(fake_provider)));

}  // namespace
}  // namespace rayctl
