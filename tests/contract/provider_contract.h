#pragma once
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "providers/provider.h"

namespace rayctl {

/// What a contract test needs of one kind of Provider: an empty place of its own.
struct ProviderUnderTest {
  std::unique_ptr<Provider> provider;
  std::function<std::unique_ptr<Provider>()> again;  ///< another client of the same place
  std::shared_ptr<void> keep;                        ///< whatever must live as long
  Json machine = Json::object();                     ///< the node_config of the machines it makes
};
using ProviderFactory = std::function<ProviderUnderTest()>;

/// The suite that every Provider passes.
/// INSTANTIATE_TEST_SUITE_P(Fake, ProviderContract, testing::Values(factory)).
class ProviderContract : public testing::TestWithParam<ProviderFactory> {
 public:
  ProviderContract() {
    worker.type = {"cpu"};
    head.type = {"main"};
    head.head = true;
    worker.launch = head.launch = under_test.machine;
  }
  void TearDown() override;

  Time soon(int seconds = 60) const { return clock.now() + Millis{seconds * 1000}; }
  /// Launches `count` machines of `spec` with a token.
  Result<std::vector<CloudNode>> launch(Provider& provider, const std::string& token, int count,
                                        const NodeSpec& spec, const std::string& cluster = "one");
  std::vector<CloudNode> list(const std::string& cluster = "one") {
    Result<std::vector<CloudNode>> nodes = provider.list({cluster}, soon());
    EXPECT_TRUE(nodes) << nodes.error().message;
    return nodes ? *nodes : std::vector<CloudNode>{};
  }

  SystemClock clock;
  NodeSpec worker, head;
  ProviderUnderTest under_test = GetParam()();
  Provider& provider = *under_test.provider;
};

}  // namespace rayctl
