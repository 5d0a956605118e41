#include "providers/process/temp_dir.h"

#include <sys/stat.h>
#include <unistd.h>

#include <string>

namespace rayctl::process {

Result<std::filesystem::path> own_temp() {
  const std::filesystem::path path = "/tmp/rayctl-" + std::to_string(::getuid());
  ::mkdir(path.c_str(), 0700);
  struct stat info = {};
  if (::lstat(path.c_str(), &info) != 0 || !S_ISDIR(info.st_mode) || info.st_uid != ::getuid() ||
      (info.st_mode & 077U) != 0) {
    return permanent(ErrorCode::kProviderRefused,
                     path.string() + " is not a folder of yours alone; remove it");
  }
  return path;
}

}  // namespace rayctl::process
