#include "providers/aws/encoding.h"

namespace rayctl::aws {

std::string compact_time(Time time) {
  std::string compact;
  for (const char c : format_time(time).substr(0, 19)) {
    if (c != '-' && c != ':') compact += c;
  }
  return compact + "Z";
}

}  // namespace rayctl::aws
