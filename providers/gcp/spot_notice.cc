#include "providers/gcp/spot_notice.h"

namespace rayctl::gcp {

std::string spot_notice_script() {
  return R"sh(
at=http://169.254.169.254/computeMetadata/v1/instance/preempted
if command -v curl >/dev/null 2>&1; then
  said=$(curl -sf -m 2 -H 'Metadata-Flavor: Google' "$at")
else
  said=$(wget -q -T 2 -t 1 -O - --header='Metadata-Flavor: Google' "$at")
fi
[ "$said" = TRUE ] && date -u -d "@$(($(date +%s) + 30))" +%Y-%m-%dT%H:%M:%S.000Z
:
)sh";
}

}  // namespace rayctl::gcp
