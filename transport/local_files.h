#pragma once
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rayctl {

/// Writes `bytes` to `path` whole or not at all, making its folders: written to a file in the
/// folder `scratch` first, so that a kill leaves nothing beside it; beside it only where `scratch`
/// is "" or on another file system. Not flushed to the disk: what a power cut undoes is sent again.
/// kFilesFailed, kPermanent.
Result<> replace_file(const std::string& path, std::string_view bytes, unsigned mode,
                      const std::string& scratch = "");
/// The same with the bytes of another file, however large; permission bits `mode`.
Result<> replace_with_copy(const std::string& path, const std::filesystem::path& from,
                           unsigned mode, const std::string& scratch = "");

}  // namespace rayctl
