#include "cli/autoscale/worker_key.h"

#include "base/files.h"
#include "base/text.h"
#include "net/ssh_key.h"

namespace rayctl {
namespace {

constexpr char kName[] = "worker_key";

// Arguments: the mark that ends the lines of this cluster, and the line that is to be there or "".
// The file is replaced whole: cut off in the middle it would lock out everybody. Where it is a
// link, what it leads to is replaced.
constexpr char kEdit[] = R"sh(
mark=$1 line=$2 f=$HOME/.ssh/authorized_keys
umask 077
if [ ! -f "$f" ]; then
  [ -n "$line" ] || exit 0
  mkdir -p "$HOME/.ssh" || exit 73
else
  f=$(readlink -f "$f")
fi
exec 9>>"$HOME/.ssh/.rayctl-lock" && flock 9 || exit 73
if [ -f "$f" ]; then
  [ "$(grep " $mark\$" "$f")" != "$line" ] || exit 0
fi
new=$f.rayctl-new
{
  if [ -f "$f" ]; then grep -v " $mark\$" "$f"; [ $? -lt 2 ] || exit 73; fi
  [ -z "$line" ] || printf '%s\n' "$line"
} >"$new" || exit 73
[ ! -f "$f" ] || chmod --reference="$f" "$new" 2>/dev/null
mv -f "$new" "$f" || exit 73
! command -v restorecon >/dev/null 2>&1 || restorecon "$HOME/.ssh" "$f" 2>/dev/null
:
)sh";

/// One word, which no pattern takes for more than itself.
std::string mark_of(const ClusterId& cluster) {
  std::string mark = "rayctl-autoscaler-" + cluster.text;
  for (char& c : mark) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-') c = '_';
  }
  return mark;
}

Result<> edit(CommandRunner& machine, const std::string& mark, const std::string& line,
              Time deadline) {
  Command command{{"sh", "-c", kEdit, "rayctl-key", mark, line}, {}, ""};
  command.plain = true;
  const Result<CommandOutput> ran = machine.run(command, deadline);
  if (!ran) return ran.error();
  if (ran->exit_code == 0) return {};
  Error error = unknown_outcome(ErrorCode::kCommandFailed,
                                "the cluster's key cannot be put into ~/.ssh/authorized_keys");
  error.context = last_lines(ran->err, 3);
  return error;
}

}  // namespace

Result<std::filesystem::path> ensure_worker_key(const std::filesystem::path& folder,
                                                const ClusterId& cluster) {
  const std::filesystem::path path = folder / kName;
  std::error_code ignored;
  // The private half is written last.
  if (std::filesystem::exists(path, ignored)) return path;
  Result<SshKey> key = make_ssh_key(mark_of(cluster));
  if (!key) return key.error();
  if (Result<> made = make_directories(folder); !made) return made.error();
  Result<> put = write_file_atomic(path.string() + ".pub", key->public_line + "\n");
  if (put) put = write_file_atomic(path, key->private_text);
  if (!put) return put.error();
  return path;
}

void drop_worker_key(const std::filesystem::path& folder) {
  std::error_code ignored;
  std::filesystem::remove(folder / kName, ignored);
  std::filesystem::remove(folder / (std::string(kName) + ".pub"), ignored);
}

std::string worker_key_line(const std::filesystem::path& folder, const Io& io) {
  const std::string on_head = io.env("RAYCTL_SSH_KEY").value_or("");
  const std::string key = on_head.empty() ? (folder / kName).string() : on_head;
  const Result<std::string> line = read_file(key + ".pub");
  return line ? trim(*line) : "";
}

Result<> authorize_worker_key(CommandRunner& machine, const std::string& public_line,
                              const ClusterId& cluster, Time deadline) {
  // The mark stands in the line itself: what is marked otherwise would never be taken out.
  std::vector<std::string> words = split(trim(public_line), ' ');
  if (words.size() < 2 || !same_ssh_key(public_line, public_line)) {
    return permanent(ErrorCode::kInternal, "not the public half of a key");
  }
  return edit(machine, mark_of(cluster), words[0] + " " + words[1] + " " + mark_of(cluster),
              deadline);
}

Result<> withdraw_worker_key(CommandRunner& machine, const ClusterId& cluster, Time deadline) {
  return edit(machine, mark_of(cluster), "", deadline);
}

}  // namespace rayctl
