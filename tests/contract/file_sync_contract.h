#pragma once
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/contract/command_runner_contract.h"
#include "transport/file_sync.h"
#include "transport/manifest_builder.h"

namespace rayctl {

/// What the delivery of files promises on every kind of node.
class FileSyncContract : public CommandRunnerContract {
 public:
  FileSyncContract();
  ~FileSyncContract() override;

  void write(const std::string& path, const std::string& bytes) const;
  Manifest manifest_of(const std::filesystem::path& source) const;
  Manifest wanted() const { return manifest_of(base / "src"); }
  Manifest arrived() const { return manifest_of(home / "app"); }
  Result<SyncReport> sync(const Manifest* last = nullptr, const std::string& source = "src");
  /// The same, and a failure of the test if it does not succeed.
  SyncReport synced(const Manifest* last = nullptr, const std::string& source = "src");
  /// A file of the node, as the node's own user would write it.
  void write_there(const std::string& path, const std::string& bytes);
  /// Whether the node has it: without gzip nothing is compressed, without dd files travel whole.
  bool has(const std::string& program);
  /// What the sync has left on the node beside the files.
  std::vector<std::string> leftovers() const;

  std::filesystem::path base;
  const std::filesystem::path home = under_test.home;
};

}  // namespace rayctl
