#pragma once
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "transport/file_sync.h"

namespace rayctl {

/// Copies files of one node to others. They pass through a folder here that only this user can read
/// and that goes with the object; what has been fetched serves every node. Thread-safe.
class FileRelay {
 public:
  FileRelay() = default;
  ~FileRelay();
  FileRelay(const FileRelay&) = delete;
  FileRelay& operator=(const FileRelay&) = delete;

  /// The file or folder at `path` of `from`, to the same path of `to`, beside what is there (as
  /// copy_files, so that unchanged files do not travel again). Nothing if `from` has no such path,
  /// which Ray passes over as well. `from` must be the same node in all calls.
  Result<std::optional<SyncReport>> send(CommandRunner& from, CommandRunner& to,
                                         const std::string& path, Time deadline,
                                         const SyncProgress& progress = {});

 private:
  /// What was fetched for one path.
  struct Fetched {
    bool there = false;
    std::string local;
    Manifest manifest;
  };
  Result<std::filesystem::path> next_folder();
  Result<const Fetched*> fetched(CommandRunner& from, const std::string& path, Time deadline);

  std::mutex mutex_;
  std::filesystem::path folder_;
  std::map<std::string, Fetched> fetched_;  ///< entries are never changed
};

}  // namespace rayctl
