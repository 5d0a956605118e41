#include "tests/support/tree/source_dir.h"

namespace rayctl {

std::string source_dir() {
  return RAYCTL_SOURCE_DIR;
}

}  // namespace rayctl
