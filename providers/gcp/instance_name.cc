#include "providers/gcp/instance_name.h"

#include "base/digest.h"

namespace rayctl::gcp {
namespace {

constexpr std::size_t kLongest = 63;
constexpr std::size_t kDigits = 10;

bool is_plain(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');
}

}  // namespace

std::string plain_name(const std::string& name) {
  std::string text;
  for (const char letter : name) {
    const bool upper = letter >= 'A' && letter <= 'Z';
    const char lower = upper ? static_cast<char>(letter - 'A' + 'a') : letter;
    text += is_plain(lower) ? lower : '-';
  }
  return text;
}

std::string instance_name(const ClusterName& cluster, bool head, bool tpu, const OpToken& token,
                          const std::string& attempt, const NodeName& node) {
  const std::string what = cluster.text + "\n" + token.text + "\n" + attempt + "\n" + node.text;
  const std::string end = std::string(head ? "-head-" : "-worker-") +
                          sha256_hex(what).substr(0, kDigits) + (tpu ? "-tpu" : "-compute");
  return ("ray-" + plain_name(cluster.text)).substr(0, kLongest - end.size()) + end;
}

}  // namespace rayctl::gcp
