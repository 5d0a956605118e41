#include "base/text.h"
#include "cli/completion/completion.h"
#include "cli/help.h"

namespace rayctl {
namespace {

constexpr char kBegin[] = R"script(#compdef rayctl
# zsh completion of rayctl: put it into a folder of $fpath as _rayctl, or source it
_rayctl_nodes() {
  local file=${words[(r)*.y(a|)ml]}
  [[ -n $file ]] && compadd -- ${(f)"$(rayctl state list $file 2>/dev/null)"}
}
_rayctl() {
  local verb=${words[2]//_/-} skip=1
  local -a verbs
  verbs=(
)script";

constexpr char kFirst[] = R"script(  )
  if ((CURRENT == 2)); then
    _describe verb verbs
    return
  fi
)script";

constexpr char kEnd[] = R"script(  esac
}
if [[ $funcstack[1] == _rayctl ]]; then _rayctl; else compdef _rayctl rayctl; fi
)script";

/// For a word in single quotes, with what _describe and _arguments take as marks escaped.
std::string quoted(const std::string& text) {
  std::string result;
  for (char c : text) {
    if (c == '\'') {
      result += "'\\''";
    } else {
      if (c == '[' || c == ']' || c == ':' || c == '\\') result += '\\';
      result += c;
    }
  }
  return result;
}

std::string arguments_of(const CompletionVerb& verb) {
  std::string text;
  for (const Flags::Info& flag : verb.flags) {
    std::string value = takes_node(flag) ? ":node:_rayctl_nodes" : ":value:_files";
    for (const std::string& name : flag.names) {
      text += " '" + name + "[" + quoted(verb.description(flag)) + "]" +
              (flag.takes_value ? value : "") + "'";
    }
  }
  if (verb.name == "completion") return text + " '1:shell:(bash zsh fish)'";
  if (verb.takes_node()) return text + " '1:file:_files' '2:node:_rayctl_nodes'";
  return text + " '*:file:_files'";
}

}  // namespace

std::string zsh_completion(const std::vector<CompletionVerb>& verbs, const CompletionTree& tree) {
  std::string script = kBegin;
  for (const auto& [name, below] : tree) {
    script += "    '" + quoted(name) + ":" + quoted(help_summary(name)) + "'\n";
  }
  script += kFirst;
  for (const auto& [name, below] : tree) {
    if (below.empty()) continue;
    script += "  if [[ $verb == " + name + " ]]; then\n    ((CURRENT == 3)) && { compadd -- " +
              join(below, " ") + "; return }\n    verb=\"" + name +
              " ${words[3]}\"\n    skip=2\n  fi\n";
  }
  script += "  shift $skip words\n  ((CURRENT -= skip))\n  case $verb in\n";
  for (const CompletionVerb& verb : verbs) {
    script += "    '" + verb.name + "') _arguments" + arguments_of(verb) + " ;;\n";
  }
  return script + kEnd;
}

}  // namespace rayctl
