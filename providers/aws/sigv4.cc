#include "providers/aws/sigv4.h"

#include <algorithm>
#include <cctype>
#include <map>

#include "base/digest.h"
#include "base/text.h"
#include "net/url_text.h"
#include "providers/aws/encoding.h"

namespace rayctl::aws {
namespace {

constexpr char kAlgorithm[] = "AWS4-HMAC-SHA256";

struct UrlParts {
  std::string host, path, query;
};

UrlParts take_apart(const std::string& url) {
  UrlParts parts;
  const std::size_t scheme = url.find("://");
  const std::size_t start = scheme == std::string::npos ? 0 : scheme + 3;
  const std::size_t end = std::min(url.find_first_of("/?#", start), url.size());
  parts.host = url.substr(start, end - start);
  const bool secure = url.starts_with("https:");
  // A default port is not in the Host header.
  if (const std::string port = secure ? ":443" : ":80"; parts.host.ends_with(port)) {
    parts.host.resize(parts.host.size() - port.size());
  }
  const std::string rest = url.substr(end, url.find('#', end) - end);
  const std::size_t question = rest.find('?');
  parts.path = rest.substr(0, question);
  if (parts.path.empty()) parts.path = "/";
  if (question != std::string::npos) parts.query = rest.substr(question + 1);
  return parts;
}

std::string canonical_query(const std::string& query) {
  if (query.empty()) return "";
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string& part : split(query, '&')) {
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    const std::string value = equals == std::string::npos ? "" : part.substr(equals + 1);
    pairs.emplace_back(percent_encode(percent_decode(part.substr(0, equals))),
                       percent_encode(percent_decode(value)));
  }
  std::sort(pairs.begin(), pairs.end());
  std::vector<std::string> parts;
  parts.reserve(pairs.size());
  for (const auto& [name, value] : pairs)
    parts.push_back(name + "=" + value);
  return join(parts, "&");
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// Without blanks at the ends, and with one in place of several.
std::string folded(const std::string& value) {
  std::string text;
  for (const char c : trim(value)) {
    if (c != ' ' || !text.ends_with(' ')) text += c;
  }
  return text;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> sign(const HttpRequest& request,
                                                      const SigningKey& key,
                                                      const SigningScope& scope, Time now) {
  const UrlParts url = take_apart(request.url);
  const std::string time = compact_time(now), day = time.substr(0, 8);
  std::vector<std::pair<std::string, std::string>> added = {{"X-Amz-Date", time}};
  if (!key.session_token.empty()) added.emplace_back("X-Amz-Security-Token", key.session_token);

  std::map<std::string, std::string> headers = {{"host", url.host}};
  for (const auto* list : {&request.headers, &std::as_const(added)}) {
    for (const auto& [name, value] : *list) {
      std::string& held = headers[lower(name)];
      const bool again = !held.empty() && lower(name) != "host";
      held = again ? held + "," + folded(value) : folded(value);
    }
  }
  std::string canonical = request.method + "\n" + percent_encode(url.path, "/") + "\n" +
                          canonical_query(url.query) + "\n";
  std::vector<std::string> names;
  for (const auto& [name, value] : headers) {
    canonical += name + ":" + value + "\n";
    names.push_back(name);
  }
  const std::string signed_names = join(names, ";");
  canonical += "\n" + signed_names + "\n" + sha256_hex(request.body);

  const std::string where = day + "/" + scope.region + "/" + scope.service + "/aws4_request";
  const std::string to_sign =
      std::string(kAlgorithm) + "\n" + time + "\n" + where + "\n" + sha256_hex(canonical);
  std::string derived = hmac_sha256("AWS4" + key.secret_key, day);
  for (const std::string& part : {scope.region, scope.service, std::string("aws4_request")}) {
    derived = hmac_sha256(derived, part);
  }
  added.emplace_back("Authorization", std::string(kAlgorithm) + " Credential=" + key.access_key +
                                          "/" + where + ", SignedHeaders=" + signed_names +
                                          ", Signature=" + hmac_sha256_hex(derived, to_sign));
  return added;
}

}  // namespace rayctl::aws
