#pragma once
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rayctl {

/// Writes `bytes` to `path` whole or not at all (a file beside it, renamed), making its folders.
/// Not flushed to the disk: what a power cut undoes is sent again. kFilesFailed, kPermanent.
Result<> replace_file(const std::string& path, std::string_view bytes, unsigned mode);
/// The same with the bytes of another file, however large; permission bits `mode`.
Result<> replace_with_copy(const std::string& path, const std::filesystem::path& from,
                           unsigned mode);

}  // namespace rayctl
