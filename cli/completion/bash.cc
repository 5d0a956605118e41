#include "base/text.h"
#include "cli/completion/completion.h"

namespace rayctl {
namespace {

constexpr char kBegin[] = R"script(# bash completion of rayctl: eval "$(rayctl completion bash)"
_rayctl_nodes() {
  local word
  for word in "${COMP_WORDS[@]}"; do
    case $word in
      *.yaml | *.yml) rayctl state list "$word" 2>/dev/null && return ;;
    esac
  done
}
_rayctl() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
  local verb=${COMP_WORDS[1]//_/-} verbs below flags
  COMPREPLY=()
)script";

constexpr char kFirst[] = R"script(  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W "$verbs" -- "$current"))
    return
  fi
  case $previous in
    --target | --exclude | --node)
      COMPREPLY=($(compgen -W "$(_rayctl_nodes)" -- "$current"))
      return ;;
  esac
)script";

constexpr char kSecond[] = R"script(  if [[ -n $below ]]; then
    if ((COMP_CWORD == 2)); then
      COMPREPLY=($(compgen -W "$below" -- "$current"))
      return
    fi
    verb="$verb ${COMP_WORDS[2]}"
  fi
)script";

constexpr char kEnd[] = R"script(  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$current"))
    return
  fi
  case $verb in
    completion)
      COMPREPLY=($(compgen -W "bash zsh fish" -- "$current"))
      return ;;
    help)
      COMPREPLY=($(compgen -W "$verbs" -- "$current"))
      return ;;
    logs | 'state show' | 'state rm' | 'state unpin')
      COMPREPLY=($(compgen -W "$(_rayctl_nodes)" -- "$current")) ;;
  esac
  COMPREPLY+=($(compgen -f -- "$current"))
}
complete -o filenames -F _rayctl rayctl
)script";

std::string flag_words(const CompletionVerb& verb) {
  std::string words;
  for (const Flags::Info& flag : verb.flags) {
    for (const std::string& name : flag.names) {
      if (name.starts_with("--")) words += name + " ";
    }
  }
  return words + "--help";
}

}  // namespace

std::string bash_completion(const std::vector<CompletionVerb>& verbs, const CompletionTree& tree) {
  std::string script = kBegin, first;
  for (const auto& [name, below] : tree)
    first += (first.empty() ? "" : " ") + name;
  script += "  verbs='" + first + "'\n" + kFirst + "  case $verb in\n";
  for (const auto& [name, below] : tree) {
    if (!below.empty()) script += "    " + name + ") below='" + join(below, " ") + "' ;;\n";
  }
  script += std::string("  esac\n") + kSecond + "  case $verb in\n";
  for (const CompletionVerb& verb : verbs) {
    script += "    '" + verb.name + "') flags='" + flag_words(verb) + "' ;;\n";
  }
  return script + "  esac\n" + kEnd;
}

}  // namespace rayctl
