#include "base/digest.h"
#include "tests/contract/example_provider.h"
#include "tests/contract/provider_contract.h"

namespace rayctl {
namespace {

/// A folder of the test's own.
struct Folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("rayctl-example-" + random_hex(6));
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
};

ProviderUnderTest example_provider() {
  const auto folder = std::make_shared<Folder>();
  const auto again = [folder] { return make_example_provider(folder->path / "machines.json"); };
  return {again(), again, folder};
}

INSTANTIATE_TEST_SUITE_P(Example, ProviderContract,
                         testing::Values(ProviderFactory(example_provider)));

}  // namespace
}  // namespace rayctl
