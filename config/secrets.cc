#include "config/secrets.h"

#include <algorithm>
#include <array>

#include "base/digest.h"
#include "base/redact.h"

namespace rayctl {
namespace {

constexpr std::string_view kScheme = "secret://";
constexpr std::string_view kWordEnd = " \t\n\r\"'`;|&()<>";

bool is_reference(std::string_view text) {
  return text.find(kScheme) != std::string_view::npos;
}

/// What an assignment in a shell command gives: no secret if it is a variable, a reference or
/// nothing.
bool is_literal(std::string_view value) {
  return !value.empty() && value[0] != '$' && value[0] != '{' && !is_reference(value);
}

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

/// The name that ends just before `end`.
std::string_view name_before(std::string_view text, std::size_t end) {
  std::size_t begin = end;
  while (begin > 0 && is_name(text[begin - 1]))
    --begin;
  return text.substr(begin, end - begin);
}

void add_assignments(std::string_view text, std::vector<Span>& spans) {
  for (std::size_t at = text.find('='); at != std::string_view::npos; at = text.find('=', at + 1)) {
    if (!names_secret(name_before(text, at))) continue;
    std::size_t begin = at + 1;
    bool quoted = begin < text.size() && (text[begin] == '"' || text[begin] == '\'');
    std::size_t end =
        quoted ? text.find(text[begin], begin + 1) : text.find_first_of(kWordEnd, begin);
    if (quoted) ++begin;
    if (end == std::string_view::npos) end = text.size();
    if (end > begin && is_literal(text.substr(begin, end - begin)))
      spans.push_back({begin, end - begin});
  }
}

void add_words(std::string_view text, std::vector<Span>& spans) {
  for (std::size_t at = 0; at < text.size();) {
    at = text.find_first_not_of(kWordEnd, at);
    if (at == std::string_view::npos) break;
    std::size_t end = std::min(text.find_first_of(kWordEnd, at), text.size());
    std::string_view word = text.substr(at, end - at);
    if (looks_secret(word) && !is_reference(word)) spans.push_back({at, end - at});
    at = end;
  }
}

void add_private_keys(std::string_view text, std::vector<Span>& spans) {
  for (std::size_t at = text.find("-----BEGIN "); at != std::string_view::npos;) {
    std::size_t end = text.find("-----END ", at);
    end = end == std::string_view::npos ? text.size() : text.find("-----", end + 9);
    end = end == std::string_view::npos ? text.size() : end + 5;
    if (looks_secret(text.substr(at, end - at))) spans.push_back({at, end - at});
    at = text.find("-----BEGIN ", end);
  }
}

/// Keys whose values providers treat as private whatever they hold.
bool is_private_place(std::string_view key) {
  constexpr std::array<std::string_view, 6> places = {"UserData",  "customData",
                                                      "userData",  "startup-script",
                                                      "user-data", "windows-startup-script-ps1"};
  return std::find(places.begin(), places.end(), key) != places.end();
}

/// {name: TOKEN, value: ...} of a pod's env and {key: startup-script, value: ...} of GCE's
/// metadata.
std::string named_by(const Json& object) {
  for (const char* name : {"name", "key"}) {
    auto at = object.find(name);
    if (at != object.end() && at->is_string() && object.contains("value"))
      return at->get<std::string>();
  }
  return {};
}

void check_text(const Yaml& value, const std::string& key, Findings& findings) {
  const auto& text = value.scalar.get_ref<const std::string&>();
  for (std::size_t at = text.find(kScheme); at != std::string::npos;
       at = text.find(kScheme, at + 1)) {
    std::string_view rest = std::string_view(text).substr(at + kScheme.size());
    std::size_t length = rest.find_first_of(std::string(kWordEnd) + ",");
    rest = rest.substr(0, length);
    bool env = rest.starts_with("env/") && rest.size() > 4 &&
               std::all_of(rest.begin() + 4, rest.end(), is_name);
    bool file = rest.starts_with("file/") && rest.size() > 5;
    if (env || file) continue;
    findings.error(value.where,
                   "`" + std::string(kScheme) + std::string(rest) + "` is no secret reference",
                   "write secret://env/NAME or secret://file/PATH");
  }
  if (inline_secret_spans(key, text).empty()) return;
  std::string what = key.empty() ? "this" : "`" + key + "`";
  findings.warning(value.where, what + " looks like a secret written out",
                   "keep it out of the file: secret://env/NAME or secret://file/PATH");
}

void check_tree(const Yaml& value, const std::string& key, Findings& findings) {
  if (value.is_string()) check_text(value, key, findings);
  for (const Yaml& item : value.items)
    check_tree(item, key, findings);
  std::string name;
  for (const char* namer : {"name", "key"}) {
    const Yaml* found = value.find(namer);
    if (name.empty() && found && found->is_string()) name = found->scalar.get<std::string>();
  }
  for (const Yaml::Entry& each : value.entries) {
    check_tree(each.value, each.key == "value" && !name.empty() ? name : each.key, findings);
  }
}

}  // namespace

std::vector<Span> inline_secret_spans(std::string_view key, std::string_view text) {
  if (!key.empty() && names_secret(key)) {
    if (!is_literal(text)) return {};
    return {{0, text.size()}};
  }
  std::vector<Span> spans;
  add_private_keys(text, spans);
  add_assignments(text, spans);
  add_words(text, spans);
  std::sort(spans.begin(), spans.end(),
            [](Span a, Span b) { return a.at != b.at ? a.at < b.at : a.length > b.length; });
  std::vector<Span> apart;
  for (Span each : spans) {
    if (apart.empty() || each.at >= apart.back().at + apart.back().length) apart.push_back(each);
  }
  return apart;
}

std::string Sealer::seal(const std::string& value) {
  std::string reference =
      std::string(kScheme) + "digest/" + hmac_sha256_hex(key_, value).substr(0, 20);
  sealed_[reference] = value;
  return reference;
}

std::string Sealer::text(const std::string& key, const std::string& value) {
  std::string sealed;
  std::size_t from = 0;
  for (Span span : inline_secret_spans(key, value)) {
    sealed += value.substr(from, span.at - from) + seal(value.substr(span.at, span.length));
    from = span.at + span.length;
  }
  return sealed + value.substr(from);
}

std::vector<std::string> Sealer::lines(const std::vector<std::string>& values) {
  std::vector<std::string> sealed;
  for (const std::string& each : values)
    sealed.push_back(text("", each));
  return sealed;
}

Json Sealer::json(const Json& value, const std::string& key) {
  if (value.is_string()) {
    const auto& plain = value.get_ref<const std::string&>();
    if (is_private_place(key) && is_literal(plain)) return seal(plain);
    return text(key, plain);
  }
  if (value.is_number() && !key.empty() && names_secret(key)) return seal(value.dump());
  Json sealed = value;
  if (value.is_array()) {
    for (Json& each : sealed)
      each = json(each, key);
  } else if (value.is_object()) {
    std::string name = named_by(value);
    for (const auto& [inner, each] : value.items()) {
      bool pod_env = inner == "value" && key == "env" && each.is_string() &&
                     is_literal(each.get<std::string>());
      sealed[inner] = pod_env ? Json(seal(each.get<std::string>()))
                              : json(each, inner == "value" && !name.empty() ? name : inner);
    }
  }
  return sealed;
}

void check_secrets(const Yaml& root, Findings& findings) {
  check_tree(root, "", findings);
}

}  // namespace rayctl
