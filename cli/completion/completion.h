#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/flags.h"

namespace rayctl {

/// The completion script for "bash", "zsh" or "fish", made from the verbs and their flags; names of
/// nodes are asked of `rayctl state list` when they are needed. nullopt for another shell.
std::optional<std::string> completion_script(const std::string& shell);

/// What a script needs of one verb.
struct CompletionVerb {
  std::string name, summary;
  std::vector<Flags::Info> flags;                   ///< without arguments
  std::map<std::string, std::string> descriptions;  ///< by flag name

  std::string description(const Flags::Info& flag) const;
  /// Whether a node's name stands after it, as an argument or as the value of a flag.
  bool takes_node() const {
    return name == "logs" || name == "state show" || name == "state rm" || name == "state unpin";
  }
};
bool takes_node(const Flags::Info& flag);

/// First words, with the second words of the verbs that have two.
using CompletionTree = std::map<std::string, std::vector<std::string>>;

std::string bash_completion(const std::vector<CompletionVerb>& verbs, const CompletionTree& tree);
std::string zsh_completion(const std::vector<CompletionVerb>& verbs, const CompletionTree& tree);
std::string fish_completion(const std::vector<CompletionVerb>& verbs, const CompletionTree& tree);

}  // namespace rayctl
