#include <algorithm>
#include <filesystem>
#include <ostream>
#include <set>

#include "base/text.h"
#include "cli/commands/change_flags.h"
#include "cli/commands/open_state.h"
#include "cli/commands/verbs.h"
#include "cli/confirm.h"
#include "cli/output.h"
#include "state/sqlite_store.h"
#include "state/state_path.h"

namespace rayctl {
namespace {

namespace fs = std::filesystem;

constexpr Millis kLook{120'000}, kRemoval{600'000};

/// The ids of all clusters whose states lie beside this one's; a state that cannot be read is an
/// error, since what it knows must not look like nobody's.
Result<std::set<ClusterId>> known_ids(Session& session, const fs::path& states) {
  std::set<ClusterId> ids;
  std::error_code problem;
  for (const fs::directory_entry& folder : fs::directory_iterator(states, problem)) {
    const fs::path database = folder.path() / "state.db";
    if (!fs::exists(database, problem)) continue;
    Result<std::unique_ptr<StateStore>> store = open_sqlite_store(database, session.clock);
    Result<Snapshot> snapshot = store ? (*store)->load() : Result<Snapshot>(store.error());
    if (!snapshot) return in_context(snapshot.error(), "reading " + database.string());
    if (!snapshot->cluster_id.empty()) ids.insert(snapshot->cluster_id);
  }
  return ids;
}

class OrphansVerb final : public Verb {
 public:
  void declare(Flags& flags) override {
    declare_cluster(flags, cluster_);
    flags.flag("--delete", delete_);
    flags.flag("-y,--yes", yes_);
  }

  Result<int> run(Session& session) override {
    Result<std::unique_ptr<Cluster>> cluster = open_cluster(session, cluster_);
    if (!cluster) return cluster.error();
    Result<CloudDesk*> desk = (*cluster)->desk();
    if (!desk) return desk.error();
    Result<std::set<ClusterId>> known =
        known_ids(session, (*cluster)->paths().folder.parent_path());
    if (!known) return known.error();
    Result<std::vector<TaggedThing>> things = (*desk)->list_tagged(session.clock.now() + kLook);
    if (!things) return things.error();
    std::erase_if(*things,
                  [&](const TaggedThing& each) { return known->contains(each.cluster_id); });
    show(session, *things);
    if (!delete_ || things->empty()) return 0;
    if (!yes_) {
      Result<bool> yes = ask(session, "Remove all of this?", "orphans");
      if (!yes) return yes.error();
      if (!*yes) return static_cast<int>(ExitClass::kUnclassified);
    }
    Result<> removed = (*desk)->remove_tagged(*things, session.clock.now() + kRemoval);
    if (!removed) return removed.error();
    session.io.err << "Removed " << plural(things->size(), "orphan") << ".\n";
    return 0;
  }

 private:
  static void show(Session& session, const std::vector<TaggedThing>& things) {
    Json list = Json::array();
    for (const TaggedThing& each : things) {
      list.push_back({{"cluster", each.cluster.text},
                      {"cluster_id", each.cluster_id.text},
                      {"id", each.id},
                      {"kind", each.kind},
                      {"name", each.name}});
      if (session.json) continue;
      session.io.out << pad(each.kind, 18) << " " << pad(each.id, 24) << " cluster "
                     << each.cluster.text << " (id " << each.cluster_id.text << ")"
                     << (each.name.empty() ? "" : "  " + each.name) << "\n";
    }
    if (session.json) {
      show_json(session, {{"format_version", kOutputFormat}, {"orphans", list}});
    } else if (things.empty()) {
      session.io.out << "No orphans: everything that carries a cluster's id is of a cluster that "
                        "this machine's states know.\n";
    }
  }

  ClusterFlags cluster_;
  bool delete_ = false, yes_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_orphans_verb() {
  return std::make_unique<OrphansVerb>();
}

}  // namespace rayctl
