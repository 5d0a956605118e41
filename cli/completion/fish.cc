#include "base/text.h"
#include "cli/completion/completion.h"
#include "cli/help.h"

namespace rayctl {
namespace {

constexpr char kBegin[] =
    R"script(# fish completion of rayctl: rayctl completion fish > ~/.config/fish/completions/rayctl.fish
function __rayctl_nodes
  for word in (commandline -opc)
    string match -qr '\.ya?ml$' -- $word; and rayctl state list $word 2>/dev/null; and return
  end
end
function __rayctl_first
  test (count (commandline -opc)) -eq 1
end
complete -c rayctl -f -n '__fish_seen_subcommand_from completion' -a 'bash zsh fish'
complete -c rayctl -n '__fish_seen_subcommand_from logs' -a '(__rayctl_nodes)'
)script";

std::string quoted(const std::string& text) {
  std::string result = "'";
  for (char c : text) {
    if (c == '\'' || c == '\\') result += '\\';
    result += c;
  }
  return result + "'";
}

std::string flag_line(const CompletionVerb& verb, const Flags::Info& flag,
                      const std::string& seen) {
  std::string line = "complete -c rayctl -n " + quoted(seen);
  for (const std::string& name : flag.names) {
    line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  if (flag.takes_value) line += takes_node(flag) ? " -x -a '(__rayctl_nodes)'" : " -r";
  return line + " -d " + quoted(verb.description(flag)) + "\n";
}

}  // namespace

std::string fish_completion(const std::vector<CompletionVerb>& verbs, const CompletionTree& tree) {
  std::string script = kBegin;
  for (const auto& [name, below] : tree) {
    script += "complete -c rayctl -f -n __rayctl_first -a " + name + " -d " +
              quoted(help_summary(name)) + "\n";
    if (below.empty()) continue;
    script += "complete -c rayctl -f -n '__fish_seen_subcommand_from " + name + "' -a '" +
              join(below, " ") + "'\n";
  }
  for (const CompletionVerb& verb : verbs) {
    std::string seen;
    for (const std::string& word : split(verb.name, ' ')) {
      seen += (seen.empty() ? "" : "; and ") + std::string("__fish_seen_subcommand_from ") + word;
    }
    for (const Flags::Info& flag : verb.flags)
      script += flag_line(verb, flag, seen);
  }
  return script;
}

}  // namespace rayctl
