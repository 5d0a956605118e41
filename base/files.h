#pragma once
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rayctl {

/// The whole file; kIo if it cannot be read or is larger than `most` bytes.
Result<std::string> read_file(const std::filesystem::path& path, std::size_t most = 1U << 30);
/// Writes beside the target, fsyncs, renames: a reader sees the old or the new bytes, never half.
Result<> write_file_atomic(const std::filesystem::path& path, std::string_view bytes,
                           unsigned mode = 0600);
/// Makes `path` and its parents, each new one with `mode` (less the umask); what is there stays.
Result<> make_directories(const std::filesystem::path& path, unsigned mode = 0700);
/// "~" and "~/x" with `home`; anything else unchanged.
std::string expand_home(std::string_view path, std::string_view home);
/// $HOME, else the password database.
std::string home_directory();
/// $XDG_STATE_HOME/rayctl, by default ~/.local/state/rayctl.
std::filesystem::path state_home();

}  // namespace rayctl
