#include "cli/own_version.h"

namespace rayctl {

const char* own_version() {
  return RAYCTL_NEXT_VERSION;
}

}  // namespace rayctl
