#pragma once
#include <filesystem>
#include <memory>

#include "model/hash_cache.h"

namespace rayctl {

/// The digests of mounted files in a database of its own, beside the cluster's state. It holds
/// nothing that cannot be computed again: writes are not synced, and a cache that cannot be read
/// is thrown away. Thread-safe; several processes may use one. Touches nothing before the first
/// store().
std::unique_ptr<HashCache> open_sqlite_hash_cache(const std::filesystem::path& path);

}  // namespace rayctl
