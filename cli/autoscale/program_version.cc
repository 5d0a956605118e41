#include "cli/autoscale/program_version.h"

namespace rayctl {

Result<> guard_version(const std::string& mine, const std::string& there,
                       const std::string& where) {
  if (!older_version(mine, there)) return {};
  return conflict(ErrorCode::kOlderProgram,
                  "this is rayctl " + mine + ", and rayctl " + there + " works on " + where);
}

}  // namespace rayctl
