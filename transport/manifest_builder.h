#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "model/hash_cache.h"
#include "model/manifest.h"

namespace rayctl {

struct ManifestOptions {
  std::vector<std::string> exclude;  ///< rsync_exclude patterns
  std::vector<std::string> filter;   ///< names of ignore files (".gitignore"), honoured per folder
  bool keep_bytecode = false;        ///< false leaves out __pycache__/ and *.pyc
  int threads = 0;                   ///< 0: as many as there are cores
};

/// Reads a file or a folder tree into a manifest, by content, in parallel; files whose stamp the
/// cache knows are not read again. A file whose change time is within the last two seconds of
/// "now" is never taken from nor put into the cache. kMountMissing if the source is not there or a
/// file in it cannot be read (its path is in the message).
Result<Manifest> build_manifest(const std::string& source, const ManifestOptions& options,
                                HashCache& cache);

/// Knows nothing and keeps nothing.
HashCache& no_hash_cache();

}  // namespace rayctl
