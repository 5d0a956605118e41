#include "cli/environment.h"

#include <unistd.h>

#include <string_view>

#include "base/files.h"

namespace rayctl {

std::map<std::string, std::string> whole_environment() {
  std::map<std::string, std::string> env;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view line = *each;
    const std::size_t at = line.find('=');
    if (at != std::string_view::npos) env[std::string(line.substr(0, at))] = line.substr(at + 1);
  }
  env["HOME"] = home_directory();
  return env;
}

}  // namespace rayctl
