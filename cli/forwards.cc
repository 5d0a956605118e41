#include "cli/forwards.h"

#include <charconv>
#include <ostream>

#include "base/text.h"

namespace rayctl {
namespace {

bool read_port(const std::string& text, int& port) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port > 0 && port < 65536;
}

}  // namespace

Result<std::vector<PortPair>> parse_ports(const std::vector<std::string>& words) {
  std::vector<PortPair> ports;
  for (const std::string& word : words) {
    std::vector<std::string> parts = split(word, ':');
    PortPair pair;
    if (parts.size() > 2 || !read_port(parts.front(), pair.first) ||
        !read_port(parts.back(), pair.second)) {
      return permanent(ErrorCode::kUsage,
                       "--port-forward takes PORT or LOCAL:REMOTE, not `" + word + "`");
    }
    ports.push_back(pair);
  }
  return ports;
}

Result<std::vector<std::unique_ptr<PortForward>>> open_forwards(
    Session& session, NodeAccess& access, const CloudNode& node,
    const std::vector<PortPair>& ports) {
  std::vector<std::unique_ptr<PortForward>> open;
  for (const auto& [local, remote] : ports) {
    Result<std::unique_ptr<PortForward>> forward = access.forward(node, remote, local);
    if (!forward && forward.error().code == ErrorCode::kNotSupported) {
      session.io.err << forward.error().message << "\n";
      return std::vector<std::unique_ptr<PortForward>>();
    }
    if (!forward) return in_context(forward.error(), "--port-forward " + std::to_string(local));
    open.push_back(*std::move(forward));
  }
  return open;
}

}  // namespace rayctl
