#include <memory>
#include <ostream>

#include "cli/autoscale/ask_head.h"
#include "cli/autoscale/cluster_lease.h"
#include "cli/autoscale/file_books.h"
#include "cli/autoscale/lease_process.h"
#include "cli/commands/open_state.h"
#include "cli/commands/verbs.h"
#include "cli/output.h"

namespace rayctl {
namespace {

/// A loop that has not shown itself for so long is not at work.
constexpr Millis kSilence{30'000};

class AutoscalerStatusVerb final : public Verb {
 public:
  void declare(Flags& flags) override { declare_cluster(flags, cluster_, false); }

  Result<int> run(Session& session) override {
    const Result<std::optional<int>> asked = ask_head(session, cluster_, {"status"});
    if (!asked) return asked.error();
    if (*asked) return **asked;
    Result<ClusterName> name = cluster_name(session, cluster_);
    if (!name) return name.error();
    const ClusterPaths paths = cluster_paths(*name, cluster_.state);
    const std::filesystem::path folder = autoscaler_folder(paths.folder);
    const Json status = FileBooks::read_status(folder);
    const Pause pause = FileBooks::read_pause(folder);
    const bool runs = alive(paths, status, session.clock.now());
    if (session.json) {
      show_json(session, {{"format_version", kOutputFormat},
                          {"running", runs},
                          {"paused", pause.holds(session.clock.now())},
                          {"status", status}});
    } else {
      session.io.out << render(status, pause, runs, session.clock.now());
    }
    return runs ? 0 : static_cast<int>(ExitClass::kIncomplete);
  }

 private:
  static bool alive(const ClusterPaths& paths, const Json& status, Time now) {
    if (status.is_null() || status.value("state", "") == "stopped") return false;
    if (now - parse_time(status.value("at", "")) >= kSilence) return false;
    const std::unique_ptr<CommandRunner> runner = folder_runner(paths);
    return !process_gone(*runner, status.value("process", ""), now + kSilence);
  }

  static std::string render(const Json& status, const Pause& pause, bool runs, Time now) {
    if (status.is_null()) return "The autoscaler has never run. `rayctl apply` starts it.\n";
    const std::string state = status.value("state", "");
    const Millis age = now - parse_time(status.value("at", ""));
    std::string text = "autoscaler rayctl " + status.value("version", "?") + ": ";
    if (!runs) {
      text += "down, last seen " + format_age(age) + " ago. `rayctl apply` starts it again.\n";
    } else {
      text += state + " (pid " + std::to_string(status.value("pid", 0)) + ", last look " +
              format_age(age) + " ago)\n";
    }
    const std::string trouble = status.value("trouble", "");
    if (!trouble.empty()) text += "  " + trouble + "\n";
    const std::string holder = status.value("holder", "");
    if (!holder.empty()) text += "  the cluster is being changed by " + holder + "\n";
    const std::string doing = status.value("doing", "");
    if (!doing.empty()) text += "  " + doing + "\n";
    const Json wanted = status.value("wanted", Json::object());
    for (const auto& [type, count] : wanted.items())
      text += "  " + type + ": " + count.dump() + " wanted\n";
    const std::string metrics = status.value("metrics", "");
    if (runs && !metrics.empty()) text += "  metrics at http://" + metrics + "/metrics\n";
    if (pause.holds(now)) {
      text += "  paused by " + pause.who +
              (pause.until ? " until " + format_time(*pause.until) : "") + "\n";
    }
    return text;
  }

  ClusterFlags cluster_;
};

}  // namespace

std::unique_ptr<Verb> make_autoscaler_status_verb() {
  return std::make_unique<AutoscalerStatusVerb>();
}

}  // namespace rayctl
