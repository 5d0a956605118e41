#include "transport/shared_file.h"

#include <algorithm>
#include <charconv>

#include "base/digest.h"
#include "base/text.h"

namespace rayctl {
namespace {

constexpr int kCannotWrite = 73, kCutOff = 65;  // sysexits: EX_CANTCREAT, EX_DATAERR

// tell: prints "none" or "AGE", and from the next line on the text. A file from the future (the
// clock was set back) would seem young for as long as the clock had jumped: it begins anew.
constexpr char kLibrary[] = R"sh(
case $1 in "~/"*) f=$HOME/${1#"~/"} ;; *) f=$1 ;; esac
lock() { exec 9>>"$f.lock" && flock 9; }
tell() {
  if [ ! -f "$f" ]; then echo none; return; fi
  changed=$(stat -c %Y "$f") now=$(date +%s) || exit 1
  if [ "$changed" -gt "$now" ]; then touch "$f" && changed=$now; fi
  echo $((now - changed))
  cat "$f"
}
)sh";

// Arguments: path. A file that was never there has no lock either, and its folder is not made.
constexpr char kRead[] = R"sh(
[ -f "$f" ] || { echo none; exit 0; }
lock || exit 73
tell
)sh";

// Arguments: path, digest of what is expected ("none": no file), digest of the input, "1" to keep
// the age. The input is taken in before the lock is: a slow connection holds up nobody.
constexpr char kSwap[] = R"sh(
umask 077
new=$f.new.$$
mkdir -p "$(dirname "$f")" && cat >"$new" || exit 73
trap 'rm -f "$new"' EXIT
sum() { set -- $(sha256sum <"$1"); echo "$1"; }
[ "$(sum "$new")" = "$3" ] || exit 65
lock || exit 73
is=none
if [ -f "$f" ]; then is=$(sum "$f"); fi
if [ "$is" != "$2" ]; then echo other; tell; exit 0; fi
if [ "$4" = 1 ] && [ "$is" != none ]; then touch -r "$f" "$new" || exit 73; else touch "$new"; fi
mv -f "$new" "$f" || exit 73
echo done
)sh";

Command script(const char* text, std::vector<std::string> arguments) {
  Command command{{"sh", "-c", std::string(kLibrary) + text, "rayctl-shared-file"}, {}, ""};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  command.plain = true;
  return command;
}

Error script_error(const CommandOutput& ran, const std::string& path) {
  const std::vector<std::string> said = last_lines(ran.err, 1);
  std::string message = path + " cannot be shared";
  if (!said.empty()) message += ": " + said.front();
  if (ran.exit_code == kCutOff) return transient(ErrorCode::kConnectionLost, message);
  return ran.exit_code == kCannotWrite || ran.exit_code == 127
             ? permanent(ErrorCode::kIo, message)
             : unknown_outcome(ErrorCode::kIo, message);
}

/// What tell() prints.
Result<SharedText> told(std::string_view said, const std::string& path) {
  const std::size_t end = std::min(said.find('\n'), said.size());
  const std::string_view first = said.substr(0, end);
  if (first == "none") return SharedText{};
  long long seconds = 0;
  if (std::from_chars(first.data(), first.data() + first.size(), seconds).ptr !=
          first.data() + first.size() ||
      first.empty()) {
    return unknown_outcome(ErrorCode::kIo, path + ": the machine's answer makes no sense");
  }
  return SharedText{std::string(said.substr(std::min(end + 1, said.size()))),
                    Millis{seconds * 1000}};
}

class NodeFile final : public SharedFile {
 public:
  NodeFile(CommandRunner& runner, std::string path) : runner_(runner), path_(std::move(path)) {}

  Result<SharedText> read(Time deadline) override {
    const Result<CommandOutput> ran = runner_.run(script(kRead, {path_}), deadline);
    if (!ran) return ran.error();
    if (ran->exit_code != 0) return script_error(*ran, path_);
    return told(ran->out, path_);
  }

  Result<Swapped> swap(const std::optional<std::string>& expected, std::string_view wanted,
                       Time deadline, bool keep_age) override {
    Command command = script(kSwap, {path_, expected ? sha256_hex(*expected) : "none",
                                     sha256_hex(wanted), keep_age ? "1" : "0"});
    command.input = wanted;
    const Result<CommandOutput> ran = runner_.run(command, deadline);
    if (!ran) return ran.error();
    if (ran->exit_code != 0) return script_error(*ran, path_);
    if (ran->out == "done\n") return Swapped{true, {}};
    constexpr std::string_view kOther = "other\n";
    if (!ran->out.starts_with(kOther)) {
      return unknown_outcome(ErrorCode::kIo, path_ + ": the machine's answer makes no sense");
    }
    Result<SharedText> found = told(std::string_view(ran->out).substr(kOther.size()), path_);
    if (!found) return found.error();
    return Swapped{false, *std::move(found)};
  }

 private:
  CommandRunner& runner_;
  std::string path_;
};

}  // namespace

std::unique_ptr<SharedFile> shared_file(CommandRunner& runner, std::string path) {
  return std::make_unique<NodeFile>(runner, std::move(path));
}

}  // namespace rayctl
