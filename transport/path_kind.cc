#include "transport/path_kind.h"

#include "base/text.h"

namespace rayctl {
namespace {

constexpr char kWhatIsThere[] = R"sh(
case $1 in "~") p=$HOME ;; "~/"*) p=$HOME/${1#"~/"} ;; *) p=$1 ;; esac
if [ -d "$p" ]; then echo folder; elif [ -e "$p" ]; then echo file; fi
)sh";

}  // namespace

Result<PathKind> kind_of_path(CommandRunner& node, const std::string& path, Time deadline) {
  Result<CommandOutput> asked =
      node.run({.argv = {"sh", "-c", kWhatIsThere, "rayctl-path", path}, .plain = true}, deadline);
  if (!asked) return asked.error();
  if (asked->exit_code != 0) {
    return permanent(ErrorCode::kFilesFailed, "cannot look at " + path + ": " + asked->err);
  }
  const std::string said(trim(asked->out));
  if (said == "folder") return PathKind::kFolder;
  return said == "file" ? PathKind::kFile : PathKind::kNothing;
}

}  // namespace rayctl
