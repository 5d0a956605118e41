#pragma once
#include <array>
#include <filesystem>
#include <string>
#include <system_error>

#include "base/result.h"

namespace rayctl {

// Names in a bundle, for those who write and read it (bundle.h).
inline constexpr char kFacts[] = "bundle.json", kYaml[] = "cluster.yaml", kProgram[] = "program",
                      kMounts[] = "mounts", kWorkerKey[] = "worker_key", kState[] = "state",
                      kRecords[] = "records.json";
/// Taken from the cluster's folder.
inline constexpr std::array kClusterSecrets = {"digest_key", "ray_token"};

/// What the system says of a path.
inline Error io_error(const std::string& doing, const std::filesystem::path& path,
                      const std::error_code& error) {
  return permanent(ErrorCode::kIo,
                   "cannot " + doing + " " + path.string() + ": " + error.message());
}

}  // namespace rayctl
