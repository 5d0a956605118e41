#include "net/surroundings.h"

#include <unistd.h>

#include <initializer_list>

namespace rayctl {
namespace {

std::string first_of(const std::map<std::string, std::string>& env,
                     std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const auto found = env.find(name);
    if (found != env.end() && !found->second.empty()) return found->second;
  }
  return "";
}

}  // namespace

std::string proxy_for(std::string_view url, const std::map<std::string, std::string>& env) {
  if (url.starts_with("https:")) {
    return first_of(env, {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"});
  }
  return first_of(env, {"http_proxy", "all_proxy", "ALL_PROXY"});
}

std::string proxy_exceptions(const std::map<std::string, std::string>& env) {
  return first_of(env, {"no_proxy", "NO_PROXY"});
}

std::string certificates(const std::string& chosen, const std::map<std::string, std::string>& env) {
  if (!chosen.empty()) return chosen;
  if (std::string named = first_of(env, {"SSL_CERT_FILE"}); !named.empty()) return named;
  for (const char* path : {
           "/etc/ssl/certs/ca-certificates.crt",  // Debian, Ubuntu, Arch
           "/etc/pki/tls/certs/ca-bundle.crt",    // Fedora, RHEL, Amazon Linux
           "/etc/ssl/ca-bundle.pem",              // SUSE
           "/etc/ssl/cert.pem",                   // Alpine
       }) {
    if (::access(path, R_OK) == 0) return path;
  }
  return "";
}

}  // namespace rayctl
