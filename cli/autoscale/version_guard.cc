#include "cli/autoscale/version_guard.h"

#include "base/text.h"
#include "cli/autoscale/program_version.h"
#include "model/json.h"

namespace rayctl {
namespace {

constexpr char kEnd = '\036';

// The lease first.
constexpr char kRead[] = R"sh(
for f in ~/.rayctl/autoscaler/lease ~/.rayctl/autoscaler/bundle-*/bundle.json; do
  if [ -r "$f" ]; then cat "$f"; printf '\036'; fi
done
)sh";

}  // namespace

Result<> guard_head_version(CommandRunner& head, const std::string& mine, Time deadline) {
  Command command{{"sh", "-c", kRead}, {}, ""};
  command.plain = true;
  const Result<CommandOutput> ran = head.run(command, deadline);
  if (!ran) return in_context(ran.error(), "asking the head for its version of rayctl");
  for (const std::string& text : split(ran->out, kEnd)) {
    const Json record = Json::parse(text, nullptr, false);
    if (!record.is_object()) continue;
    const auto ended = record.find("ended");
    if (ended != record.end() && *ended == true) return {};
    for (const char* key : {"version", "autoscaler", "successor"}) {
      const auto found = record.find(key);
      if (found == record.end() || !found->is_string()) continue;
      if (Result<> fine = guard_version(mine, found->get<std::string>(), "the head"); !fine)
        return fine;
    }
  }
  return {};
}

}  // namespace rayctl
