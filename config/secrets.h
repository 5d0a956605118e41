#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/findings.h"
#include "config/yaml.h"
#include "model/config.h"

namespace rayctl {

/// Values that stand in the clear at secret places of `config`, by the reference that stands for
/// them in every NodeSpec: "secret://digest/<keyed digest of the value>". Whoever resolves the
/// references of a plan looks these up in the YAML as it is then; one that is not in it any more
/// has changed since the plan was made. `key` is the cluster's own, as given to resolve().
std::map<std::string, std::string> inline_secrets(const Config& config, const std::string& key);

/// A part of a text.
struct Span {
  std::size_t at = 0;
  std::size_t length = 0;
};
/// The parts of `text`, found under `key`, that look like a secret written out: all of it if the
/// key's name says so, else words that look like one and values of assignments to such names
/// (`TOKEN=...`, `--password=...`). References and shell variables are none.
std::vector<Span> inline_secret_spans(std::string_view key, std::string_view text);

/// Replaces secret values by references to their digests. One per resolve(); keeps what it
/// replaced.
class Sealer {
 public:
  explicit Sealer(std::string key) : key_(std::move(key)) {}
  /// Of the map that the provider gets; also at the places where providers keep secrets whatever
  /// they look like: user data, the values of a pod's `env`, start-up scripts.
  Json json(const Json& value, const std::string& key = {});
  std::string text(const std::string& key, const std::string& value);
  std::vector<std::string> lines(const std::vector<std::string>& values);
  const std::map<std::string, std::string>& sealed() const { return sealed_; }

 private:
  std::string seal(const std::string& value);

  std::string key_;
  std::map<std::string, std::string> sealed_;
};

/// Reports malformed secret:// references, and warns of what looks like a secret written out.
void check_secrets(const Yaml& root, Findings& findings);

}  // namespace rayctl
