#include "cli/completion/completion.h"

#include <algorithm>

#include "base/text.h"
#include "cli/help.h"
#include "cli/verb.h"

namespace rayctl {
namespace {

std::vector<CompletionVerb> read_verbs() {
  std::vector<CompletionVerb> verbs;
  for (const VerbEntry& entry : all_verbs()) {
    if (entry.group.empty()) continue;
    CompletionVerb verb{.name = std::string(entry.name), .summary = help_summary(entry.name)};
    std::unique_ptr<Verb> made = entry.make();
    Flags flags;
    made->declare(flags);
    for (const Flags::Info& flag : flags.list()) {
      if (!flag.argument) verb.flags.push_back(flag);
    }
    verb.descriptions = help_flags(help_markdown(entry.name));
    verbs.push_back(std::move(verb));
  }
  return verbs;
}

CompletionTree tree_of(const std::vector<CompletionVerb>& verbs) {
  CompletionTree tree;
  for (const CompletionVerb& verb : verbs) {
    std::vector<std::string> words = split(verb.name, ' ');
    tree[words[0]];
    if (words.size() > 1) tree[words[0]].push_back(words[1]);
  }
  return tree;
}

}  // namespace

std::string CompletionVerb::description(const Flags::Info& flag) const {
  for (const std::string& each : flag.names) {
    auto found = descriptions.find(each);
    if (found != descriptions.end()) return found->second;
  }
  return "";
}

bool takes_node(const Flags::Info& flag) {
  return std::any_of(flag.names.begin(), flag.names.end(), [](const std::string& name) {
    return name == "--target" || name == "--exclude" || name == "--node";
  });
}

std::optional<std::string> completion_script(const std::string& shell) {
  std::vector<CompletionVerb> verbs = read_verbs();
  CompletionTree tree = tree_of(verbs);
  if (shell == "bash") return bash_completion(verbs, tree);
  if (shell == "zsh") return zsh_completion(verbs, tree);
  if (shell == "fish") return fish_completion(verbs, tree);
  return std::nullopt;
}

}  // namespace rayctl
