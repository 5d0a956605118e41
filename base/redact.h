#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace rayctl {

/// True if a key of this name usually holds a secret ("password", "aws_secret_access_key",
/// "token", "private_key", ...): the rule by which values are kept out of state, plans and logs.
bool names_secret(std::string_view key);
/// True if a value looks like a credential whatever its key (PEM private key, AKIA..., ghp_...,
/// a URL with user:password@). Used for warnings and for redaction.
bool looks_secret(std::string_view value);

/// Replaces every occurrence of known secret values in text that leaves the process. Values
/// shorter than 4 characters are ignored; one of several lines is found line by line too.
/// Thread-safe once built.
class Redactor {
 public:
  void add(std::string secret);
  /// `text` with "[redacted]" in place of every secret.
  std::string apply(std::string text) const;
  bool empty() const { return secrets_.empty(); }

 private:
  std::vector<std::string> secrets_;  // longest first
};

}  // namespace rayctl
