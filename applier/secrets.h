#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "applier/world.h"
#include "base/redact.h"
#include "model/plan.h"

namespace rayctl {

/// The secret:// references in a text, in the order in which they stand: up to the first character
/// that is not a letter, a digit or one of `_ . / ~ -`.
std::vector<std::string> secret_references(std::string_view text);

/// The values behind the references that a plan's nodes need, read once before anything is done.
/// They reach a node in the environment or in the provider's request, never in argv. Immutable.
class Secrets {
 public:
  /// kSecretUnresolved if one of them points at nothing.
  static Result<Secrets> resolve(const Plan& plan, World& world);

  /// A shell line in which each reference is replaced by a variable, quoted as its place needs;
  /// the values are added to `env`.
  std::string bind(std::string_view line, std::map<std::string, std::string>& env) const;
  /// A program one of whose arguments holds a reference becomes a shell line that names variables;
  /// references in its environment become their values.
  Command bind(Command command) const;
  /// Every string of `value` that is a reference, as a whole or in part, with its value put in.
  Json reveal(const Json& value) const;
  Redactor redactor() const;
  bool empty() const { return values_.empty(); }

 private:
  std::string reveal_text(const std::string& text) const;

  std::map<std::string, std::string> values_;
  std::string auth_token_;
};

}  // namespace rayctl
