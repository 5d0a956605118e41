#include "cli/section.h"

namespace rayctl {

std::string text_in(const Json& section, const char* key) {
  const auto found = section.find(key);
  return found != section.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace rayctl
