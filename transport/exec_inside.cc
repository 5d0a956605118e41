#include "transport/exec_inside.h"

#include "base/digest.h"
#include "base/text.h"
#include "transport/ssh/output_end.h"

namespace rayctl {
namespace {

constexpr Millis kKillTime{10'000};

// Input: the mark that the shells of a command carry among their arguments.
constexpr char kKill[] = R"sh(
IFS= read -r mark
for entry in /proc/[0-9]*; do
  { tr '\0' '\n' <"$entry/cmdline"; } 2>/dev/null | grep -qF -- "$mark" || continue
  { IFS= read -r line <"$entry/stat"; } 2>/dev/null || continue
  line=${line##*) }
  set -- $line
  kill -KILL "-$3" 2>/dev/null
done
exit 0
)sh";

Error failure(const std::string& where, const std::string& said) {
  const std::vector<std::string> lines = last_lines(said, 1);
  return transient(
      ErrorCode::kContainerFailed,
      "nothing runs in " + where + (lines.empty() ? std::string() : ": " + lines.front()));
}

}  // namespace

std::string new_end_mark() {
  constexpr std::size_t kBytes = 16;
  return "rayctl-end-" + random_hex(kBytes);
}

Result<int> exec_inside(const RunInside& run, const ExecRequest& request, const std::string& where,
                        Time deadline, const OutputSink& sink) {
  OutputEnd out_end(request.end), err_end(request.end);
  const OutputSink own = [&](std::string_view piece, bool is_stderr) {
    const std::string bytes = (is_stderr ? err_end : out_end).add(piece);
    if (!bytes.empty()) sink(bytes, is_stderr);
  };
  const Result<CommandOutput> ran = run({.argv = {"sh", "-c", request.line},
                                         .input = request.input,
                                         .stream = request.stream,
                                         .plain = true},
                                        deadline, own);
  if (!ran) {
    if (ran.error().fault == Fault::kUnknown) {
      const auto killed = run({.argv = {"sh", "-c", kKill}, .input = request.end + "\n"},
                              SystemClock().now() + kKillTime, {});
      static_cast<void>(killed);  // the command's end is reported as unknown either way
    }
    return in_context(ran.error(), "in " + where);
  }
  if (!out_end.pid() && !err_end.pid()) return failure(where, err_end.rest() + out_end.rest());
  if (out_end.code()) return *out_end.code();
  if (err_end.code()) return *err_end.code();
  return unknown_outcome(ErrorCode::kContainerFailed, where + " ended while a command ran in it");
}

}  // namespace rayctl
