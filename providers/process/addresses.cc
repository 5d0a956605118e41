#include "providers/process/addresses.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <set>

#include "base/text.h"

namespace rayctl::process {
namespace {

constexpr std::uint32_t kSecondFirst = 64, kSecondCount = 128;
constexpr std::uint32_t kAddresses = kSecondCount << 16;
constexpr int kPortFirst = 20'000, kPortCount = 12'768;

}  // namespace

std::vector<Claim> parse_claims(std::string_view text) {
  std::vector<Claim> claims;
  for (const std::string& line : split(text, '\n')) {
    const std::vector<std::string> words = split(line, ' ');
    if (words.size() != 3 || words[0].empty() || words[2].empty()) continue;
    Claim claim{words[2], words[0], {}};
    for (const std::string& word : split(words[1], ',')) {
      int port = 0;
      const auto read = std::from_chars(word.data(), word.data() + word.size(), port);
      if (read.ec == std::errc{} && port > 0) claim.ports.push_back(port);
    }
    claims.push_back(std::move(claim));
  }
  return claims;
}

std::string format_claims(const std::vector<Claim>& claims) {
  std::string text;
  for (const Claim& claim : claims) {
    std::vector<std::string> ports;
    for (const int port : claim.ports)
      ports.push_back(std::to_string(port));
    if (ports.empty()) ports.emplace_back("-");
    text += claim.address + " " + join(ports, ",") + " " + claim.folder + "\n";
  }
  return text;
}

std::optional<std::string> free_address(const std::vector<Claim>& claims, std::uint32_t seed) {
  std::set<std::string> taken;
  for (const Claim& claim : claims)
    taken.insert(claim.address);
  const std::uint32_t first = seed % kAddresses & ~0xffU;
  for (std::uint32_t i = 0; i < kAddresses; ++i) {
    const std::uint32_t number = (first + i) % kAddresses;
    const std::uint32_t last = number & 0xffU;
    if (last == 0 || last == 255) continue;
    std::string address = "127." + std::to_string(kSecondFirst + (number >> 16)) + "." +
                          std::to_string(number >> 8 & 0xffU) + "." + std::to_string(last);
    if (!taken.contains(address)) return address;
  }
  return std::nullopt;
}

std::vector<int> free_ports(const std::vector<Claim>& claims, std::uint32_t seed, std::size_t count,
                            const std::function<bool(int)>& usable) {
  std::set<int> taken;
  for (const Claim& claim : claims)
    taken.insert(claim.ports.begin(), claim.ports.end());
  const auto first = static_cast<int>(seed % static_cast<std::uint32_t>(kPortCount));
  std::vector<int> ports;
  for (int i = 0; i < kPortCount && ports.size() < count; ++i) {
    const int port = kPortFirst + (first + i) % kPortCount;
    if (!taken.contains(port) && usable(port)) ports.push_back(port);
  }
  return ports;
}

bool can_listen(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  const bool free = ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return free;
}

}  // namespace rayctl::process
