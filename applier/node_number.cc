#include "applier/node_number.h"

#include <charconv>

namespace rayctl {

int node_number(const NodeName& name) {
  const std::size_t dash = name.text.rfind('-');
  const std::size_t start = dash == std::string::npos ? 0 : dash + 1;
  const char* const end = name.text.data() + name.text.size();
  int number = 0;
  const auto read = std::from_chars(name.text.data() + start, end, number);
  return read.ec == std::errc() && read.ptr == end && number > 0 ? number : 0;
}

}  // namespace rayctl
