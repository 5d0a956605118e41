#include "base/cidr.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <optional>

namespace rayctl {
namespace {

struct Network {
  bool v6 = false;
  std::array<unsigned char, 16> bytes{};
  int bits = 0;
};

void mask(Network& network) {
  for (int bit = network.bits; bit < (network.v6 ? 128 : 32); ++bit) {
    const unsigned kept = ~(0x80U >> (static_cast<unsigned>(bit) % 8U));
    unsigned char& byte = network.bytes[static_cast<std::size_t>(bit / 8)];
    byte = static_cast<unsigned char>(byte & kept);
  }
}

std::optional<Network> parse(const std::string& text) {
  const std::size_t slash = text.find('/');
  const std::string address = text.substr(0, slash);
  Network network;
  network.v6 = address.find(':') != std::string::npos;
  if (::inet_pton(network.v6 ? AF_INET6 : AF_INET, address.c_str(), network.bytes.data()) != 1)
    return std::nullopt;
  const int most = network.v6 ? 128 : 32;
  network.bits = most;
  if (slash != std::string::npos) {
    const char* begin = text.data() + slash + 1;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(begin, end, network.bits);
    if (error != std::errc() || stop != end || begin == end || network.bits < 0 ||
        network.bits > most)
      return std::nullopt;
  }
  mask(network);
  return network;
}

}  // namespace

std::string canonical_cidr(const std::string& text) {
  const auto network = parse(text);
  if (!network) return text;
  std::array<char, INET6_ADDRSTRLEN> address{};
  ::inet_ntop(network->v6 ? AF_INET6 : AF_INET, network->bytes.data(), address.data(),
              address.size());
  return std::string(address.data()) + "/" + std::to_string(network->bits);
}

bool is_cidr(const std::string& text) {
  return parse(text).has_value();
}

bool contains_cidr(const std::string& outer, const std::string& inner) {
  const auto large = parse(outer);
  auto small = parse(inner);
  if (!large || !small || large->v6 != small->v6 || large->bits > small->bits) return false;
  small->bits = large->bits;
  mask(*small);
  return small->bytes == large->bytes;
}

}  // namespace rayctl
