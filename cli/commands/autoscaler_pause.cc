#include <ostream>

#include "base/text.h"
#include "cli/autoscale/ask_head.h"
#include "cli/autoscale/file_books.h"
#include "cli/commands/open_state.h"
#include "cli/commands/verbs.h"
#include "cli/output.h"
#include "cli/run.h"

namespace rayctl {
namespace {

Json pause_json(const Pause& pause) {
  Json types = Json::array();
  for (const NodeTypeName& type : pause.types)
    types.push_back(type.text);
  return {{"all", pause.all},
          {"types", types},
          {"until", pause.until ? Json(format_time(*pause.until)) : Json(nullptr)},
          {"who", pause.who}};
}

Result<ClusterPaths> paths_of(Session& session, const ClusterFlags& flags) {
  Result<ClusterName> name = cluster_name(session, flags);
  if (!name) return name.error();
  return cluster_paths(*name, flags.state);
}

class PauseVerb final : public Verb {
 public:
  void declare(Flags& flags) override {
    declare_cluster(flags, cluster_, false);
    flags.values("--type", types_);
    flags.duration("--for", duration_);
  }

  Result<int> run(Session& session) override {
    const Result<std::optional<int>> asked = ask_head(session, cluster_, words());
    if (!asked) return asked.error();
    if (*asked) return **asked;
    Result<ClusterPaths> paths = paths_of(session, cluster_);
    if (!paths) return paths.error();
    const Time now = session.clock.now();
    Pause pause{.all = types_.empty(), .who = user_at_host()};
    for (const std::string& type : types_)
      pause.types.insert({type});
    if (duration_ > Millis{0}) pause.until = now + duration_;
    Result<> written = FileBooks::write_pause(autoscaler_folder(paths->folder), pause);
    if (!written) return written.error();
    if (session.json) {
      show_json(session, {{"format_version", kOutputFormat}, {"pause", pause_json(pause)}});
      return 0;
    }
    session.io.out << "Nothing" << (types_.empty() ? "" : " of " + join(types_, ", "))
                   << " is launched or removed, "
                   << (pause.until ? "until " + format_time(*pause.until) : "until `resume`")
                   << ".\n";
    return 0;
  }

 private:
  std::vector<std::string> words() const {
    std::vector<std::string> words{"pause"};
    for (const std::string& type : types_)
      words.insert(words.end(), {"--type", type});
    if (duration_ > Millis{0})
      words.insert(words.end(), {"--for", std::to_string(duration_.count() / 1000) + "s"});
    return words;
  }

  ClusterFlags cluster_;
  std::vector<std::string> types_;
  Millis duration_{0};
};

class ResumeVerb final : public Verb {
 public:
  void declare(Flags& flags) override { declare_cluster(flags, cluster_, false); }

  Result<int> run(Session& session) override {
    const Result<std::optional<int>> asked = ask_head(session, cluster_, {"resume"});
    if (!asked) return asked.error();
    if (*asked) return **asked;
    Result<ClusterPaths> paths = paths_of(session, cluster_);
    if (!paths) return paths.error();
    Result<> written = FileBooks::write_pause(autoscaler_folder(paths->folder), {});
    if (!written) return written.error();
    if (session.json) {
      show_json(session, {{"format_version", kOutputFormat}, {"pause", pause_json({})}});
    } else {
      session.io.out << "The autoscaler launches and removes nodes again.\n";
    }
    return 0;
  }

 private:
  ClusterFlags cluster_;
};

}  // namespace

std::unique_ptr<Verb> make_autoscaler_pause_verb() {
  return std::make_unique<PauseVerb>();
}

std::unique_ptr<Verb> make_autoscaler_resume_verb() {
  return std::make_unique<ResumeVerb>();
}

}  // namespace rayctl
