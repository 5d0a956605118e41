#include <algorithm>
#include <filesystem>
#include <ostream>

#include "base/files.h"
#include "base/text.h"
#include "cli/cluster.h"
#include "cli/commands/verbs.h"
#include "cli/output.h"

namespace rayctl {
namespace {

namespace fs = std::filesystem;

/// The names in a folder, newest (greatest) first.
std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code problem;
  for (const auto& each : fs::directory_iterator(folder, problem)) {
    names.push_back(each.path().filename().string());
  }
  std::sort(names.rbegin(), names.rend());
  return names;
}

class LogsVerb final : public Verb {
 public:
  void declare(Flags& flags) override {
    declare_cluster(flags, cluster_);
    flags.argument("NODE", node_, false);
    flags.value("--phase", phase_);
    flags.value("--run", run_);
  }

  Result<int> run(Session& session) override {
    Result<ClusterName> name = cluster_name(session, cluster_);
    if (!name) return name.error();
    fs::path runs = cluster_paths(*name, cluster_.state).folder / "runs";
    if (node_.empty()) return list_runs(session, runs);
    std::string file = node_ + ".log";
    if (node_.find('/') != std::string::npos || run_.find('/') != std::string::npos) {
      return permanent(ErrorCode::kNoSuchNode, "`" + node_ + "` is no node's name");
    }
    for (const std::string& id : names_in(runs)) {
      std::error_code problem;
      if ((!run_.empty() && id != run_) || !fs::exists(runs / id / file, problem)) continue;
      return show(session, id, runs / id / file);
    }
    return permanent(ErrorCode::kNoSuchNode,
                     "no log of node `" + node_ + "`" + (run_.empty() ? "" : " in run " + run_));
  }

 private:
  Result<int> show(Session& session, const std::string& id, const fs::path& path) {
    Result<std::string> text = read_file(path);
    if (!text) return text.error();
    std::vector<std::string> lines;
    for (const std::string& line : split(trim(*text), '\n')) {
      bool wanted = phase_.empty() || line.find(" " + phase_ + " | ") != std::string::npos;
      if (wanted) lines.push_back(session.redactor.apply(line));
    }
    if (session.json) {
      show_json(
          session,
          {{"format_version", kOutputFormat}, {"run", id}, {"node", node_}, {"lines", lines}});
      return 0;
    }
    session.io.err << "run " << id << "\n";
    for (const std::string& line : lines)
      session.io.out << line << "\n";
    return 0;
  }

  static Result<int> list_runs(Session& session, const fs::path& runs) {
    Json list = Json::array();
    for (const std::string& id : names_in(runs)) {
      std::vector<std::string> nodes;
      for (const std::string& file : names_in(runs / id)) {
        if (file.ends_with(".log")) nodes.push_back(file.substr(0, file.size() - 4));
      }
      std::sort(nodes.begin(), nodes.end());
      if (!session.json) session.io.out << id << "  " << join(nodes, ", ") << "\n";
      list.push_back({{"run", id}, {"nodes", nodes}});
    }
    if (session.json) show_json(session, {{"format_version", kOutputFormat}, {"runs", list}});
    return 0;
  }

  ClusterFlags cluster_;
  std::string node_, phase_, run_;
};

}  // namespace

std::unique_ptr<Verb> make_logs_verb() {
  return std::make_unique<LogsVerb>();
}

}  // namespace rayctl
