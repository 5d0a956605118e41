#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rayctl::process {

/// What one node has for itself on this machine.
struct Claim {
  std::string folder;   ///< below the root, "cluster/node"
  std::string address;  ///< 127.x.y.z
  std::vector<int> ports;
  bool operator==(const Claim&) const = default;
};

/// The claims file of a root: a line "ADDRESS PORT,PORT FOLDER" for each node. A line that makes
/// no sense is left out.
std::vector<Claim> parse_claims(std::string_view text);
std::string format_claims(const std::vector<Claim>& claims);

/// An address that nobody has, from 127.64.0.1 up to 127.191.255.254: never 127.0.0.1, which Ray
/// replaces by the host's own. `seed` says where to begin, so that two roots rarely meet.
std::optional<std::string> free_address(const std::vector<Claim>& claims, std::uint32_t seed);

/// Ports that nobody has claimed and for which `usable` is true, from 20000 up to 32767: above the
/// ports of Ray's workers (10002 to 19999), below those that Linux gives out by itself. GCS listens
/// on all addresses, so that a port can be had once on a machine.
std::vector<int> free_ports(const std::vector<Claim>& claims, std::uint32_t seed, std::size_t count,
                            const std::function<bool(int)>& usable);

/// Whether this port can be listened on at all addresses right now.
bool can_listen(int port);

}  // namespace rayctl::process
