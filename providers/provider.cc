#include "providers/provider.h"

namespace rayctl {

Result<std::unique_ptr<PortForward>> NodeAccess::forward(const CloudNode& node, int, int) {
  return permanent(ErrorCode::kNotSupported,
                   "no port is forwarded to " + node.id.text + ": it is on this machine");
}

Result<std::vector<std::string>> NodeAccess::terminal(const CloudNode& node, const Terminal&) {
  return permanent(ErrorCode::kNotSupported, "there is no terminal on " + node.id.text);
}

}  // namespace rayctl
