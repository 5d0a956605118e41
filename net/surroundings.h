#pragma once
#include <map>
#include <string>
#include <string_view>

namespace rayctl {

/// The proxy that the usual variables name for this URL, "" for none. As everywhere, http_proxy is
/// read in lower case alone: a web server hands HTTP_PROXY to its scripts from a request's header.
std::string proxy_for(std::string_view url, const std::map<std::string, std::string>& env);

/// The hosts that no proxy is used for: no_proxy, else NO_PROXY.
std::string proxy_exceptions(const std::map<std::string, std::string>& env);

/// The file of certificates to trust: `chosen`, else what SSL_CERT_FILE names, else the first that
/// is there of those of the usual distributions; "" if there is none.
std::string certificates(const std::string& chosen, const std::map<std::string, std::string>& env);

}  // namespace rayctl
