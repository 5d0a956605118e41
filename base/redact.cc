#include "base/redact.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace rayctl {

namespace {

constexpr std::string_view kReplacement = "[redacted]";

bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_alnum(char c) {
  return is_upper(c) || is_lower(c) || is_digit(c);
}
bool is_word(char c) {
  return is_alnum(c) || c == '_' || c == '-';
}
char lower(char c) {
  return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}

/// "awsSecretAccess_key" -> aws, secret, access, key.
std::vector<std::string> words_of(std::string_view key) {
  std::vector<std::string> words(1);
  for (std::size_t i = 0; i < key.size(); ++i) {
    const bool hump = i > 0 && is_upper(key[i]) && (is_lower(key[i - 1]) || is_digit(key[i - 1]));
    if ((hump || !is_alnum(key[i])) && !words.back().empty()) words.emplace_back();
    if (is_alnum(key[i])) words.back() += lower(key[i]);
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

/// A run of characters after a well-known prefix: the shape of most issued keys.
struct Shape {
  std::string_view prefix;
  std::size_t at_least;
  bool (*accepts)(char);
};
constexpr std::array kShapes = {
    Shape{"AKIA", 16, [](char c) { return is_upper(c) || is_digit(c); }},
    Shape{"ASIA", 16, [](char c) { return is_upper(c) || is_digit(c); }},
    Shape{"ghp_", 30, is_alnum},
    Shape{"gho_", 30, is_alnum},
    Shape{"ghu_", 30, is_alnum},
    Shape{"ghs_", 30, is_alnum},
    Shape{"ghr_", 30, is_alnum},
    Shape{"github_pat_", 30, is_word},
    Shape{"glpat-", 18, is_word},
    Shape{"hf_", 30, is_alnum},
    Shape{"xoxb-", 20, is_word},
    Shape{"xoxp-", 20, is_word},
    Shape{"sk-", 32, is_word},
    Shape{"AIza", 35, is_word},
    Shape{"ya29.", 20, is_word},
    Shape{"dckr_pat_", 20, is_word},
};

bool has_shape(std::string_view value, const Shape& shape) {
  for (std::size_t at = value.find(shape.prefix); at != std::string_view::npos;
       at = value.find(shape.prefix, at + 1)) {
    if (at > 0 && is_word(value[at - 1])) continue;
    std::size_t run = 0;
    const std::size_t start = at + shape.prefix.size();
    while (start + run < value.size() && shape.accepts(value[start + run]))
      ++run;
    if (run >= shape.at_least) return true;
  }
  return false;
}

/// scheme://user:password@host, where the password is written out and no shell variable.
bool has_url_password(std::string_view value) {
  for (std::size_t at = value.find("://"); at != std::string_view::npos;
       at = value.find("://", at + 3)) {
    const std::string_view rest = value.substr(at + 3);
    const std::string_view authority = rest.substr(0, rest.find_first_of("/?# \t\n\"'"));
    const std::size_t sign = authority.rfind('@');
    if (sign == std::string_view::npos) continue;
    const std::string_view login = authority.substr(0, sign);
    const std::size_t colon = login.find(':');
    if (colon == std::string_view::npos || colon + 1 == login.size()) continue;
    if (login[colon + 1] != '$' && login[colon + 1] != '{') return true;
  }
  return false;
}

/// Three base64url parts, the first of which starts as every JSON object does.
bool has_jwt(std::string_view value) {
  for (std::size_t at = value.find("eyJ"); at != std::string_view::npos;
       at = value.find("eyJ", at + 1)) {
    std::size_t dots = 0, end = at;
    while (end < value.size() && (is_word(value[end]) || value[end] == '.')) {
      if (value[end++] == '.') ++dots;
    }
    if (dots == 2 && end - at > 40) return true;
  }
  return false;
}

}  // namespace

bool names_secret(std::string_view key) {
  const std::vector<std::string> words = words_of(key);
  if (words.empty()) return false;
  const std::string whole = join(words, "");
  if (whole == "sshprivatekey") return false;  // Ray's auth section: the path of a key file
  constexpr std::array<std::string_view, 22> kAbout = {
      "name",    "path",    "file", "id",       "ids",     "ref",  "arn", "ttl",
      "timeout", "expiry",  "type", "count",    "enabled", "mode", "dir", "env",
      "size",    "version", "url",  "endpoint", "names",   "refs"};
  if (std::find(kAbout.begin(), kAbout.end(), words.back()) != kAbout.end()) return false;
  constexpr std::array<std::string_view, 13> kParts = {
      "password",    "passwd",       "passphrase",      "credential", "apikey",
      "privatekey",  "accesskey",    "secretkey",       "authtoken",  "clientkey",
      "accesstoken", "clientsecret", "connectionstring"};
  for (const std::string_view part : kParts) {
    if (whole.find(part) != std::string::npos) return true;
  }
  return std::any_of(words.begin(), words.end(), [](const std::string& word) {
    return word == "secret" || word == "pwd" || word == "authorization" || word.ends_with("token");
  });
}

bool looks_secret(std::string_view value) {
  const std::size_t pem = value.find("-----BEGIN ");
  if (pem != std::string_view::npos && value.find("PRIVATE KEY", pem) != std::string_view::npos) {
    return true;
  }
  return has_url_password(value) || has_jwt(value) ||
         std::any_of(kShapes.begin(), kShapes.end(),
                     [&](const Shape& shape) { return has_shape(value, shape); });
}

void Redactor::add(std::string secret) {
  constexpr std::size_t kShortest = 4, kShortestLine = 12;
  const auto insert = [this](std::string text) {
    const auto longer = [](const std::string& a, const std::string& b) {
      return a.size() != b.size() ? a.size() > b.size() : a < b;
    };
    const auto place = std::lower_bound(secrets_.begin(), secrets_.end(), text, longer);
    if (place == secrets_.end() || *place != text) secrets_.insert(place, std::move(text));
  };
  if (secret.find('\n') != std::string::npos) {
    for (const std::string& line : split(secret, '\n')) {
      if (line.size() >= kShortestLine) insert(line);
    }
  }
  if (secret.size() >= kShortest) insert(std::move(secret));
}

std::string Redactor::apply(std::string text) const {
  if (secrets_.empty()) return text;
  std::array<bool, 256> starts{};
  for (const std::string& secret : secrets_)
    starts[static_cast<unsigned char>(secret[0])] = true;
  std::string out;
  const std::string_view all = text;
  for (std::size_t at = 0; at < all.size();) {
    const std::string* hit = nullptr;
    if (starts[static_cast<unsigned char>(all[at])]) {
      for (const std::string& secret : secrets_) {
        if (all.substr(at).starts_with(secret)) {
          hit = &secret;
          break;
        }
      }
    }
    if (hit == nullptr) {
      out += all[at++];
    } else {
      out += kReplacement;
      at += hit->size();
    }
  }
  return out;
}

}  // namespace rayctl
