#pragma once
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/session.h"
#include "providers/provider.h"

namespace rayctl {

/// Local port and port of the node.
using PortPair = std::pair<int, int>;

/// What `--port-forward` was given: "8265", or "9999:8265" for another port here. kUsage names what
/// is no port.
Result<std::vector<PortPair>> parse_ports(const std::vector<std::string>& words);

/// Opens all of them or none. Where nodes are on this machine nothing is forwarded, and a line says
/// so.
Result<std::vector<std::unique_ptr<PortForward>>> open_forwards(Session& session,
                                                                NodeAccess& access,
                                                                const CloudNode& node,
                                                                const std::vector<PortPair>& ports);

}  // namespace rayctl
