#include <unistd.h>

#include <ostream>

#include "base/digest.h"
#include "base/text.h"
#include "cli/commands/change_flags.h"
#include "cli/commands/verbs.h"
#include "cli/commands/write_config_file.h"
#include "cli/confirm.h"
#include "cli/found_cluster.h"
#include "cli/output.h"
#include "cli/rebuild.h"
#include "cli/views/node_list.h"
#include "cli/views/plan_view.h"
#include "config/resolve.h"
#include "state/sqlite_store.h"
#include "state/store_lock.h"

namespace rayctl {
namespace {

constexpr Millis kCall{60'000};

class ImportVerb final : public Verb {
 public:
  void declare(Flags& flags) override {
    declare_cluster(flags, cluster_, false);
    flags.flag("-y,--yes", yes_);
    flags.duration("--lock-timeout", lock_timeout_);
    flags.value("--write-config", write_to_);
    flags.value("--provider", provider_);
    flags.value("--region", region_);
  }

  Result<int> run(Session& session) override {
    if (!write_to_.empty()) {
      return write_config_file(session, cluster_, {write_to_, provider_, region_});
    }
    if (cluster_.config.empty()) {
      take_output(session, cluster_.json, cluster_.no_color);
      return permanent(ErrorCode::kUsage, "name the cluster's YAML, or one to --write-config");
    }
    Result<Config> config = load_config(session, cluster_, true);
    if (!config) return config.error();
    ClusterPaths paths = cluster_paths(config->cluster, cluster_.state);
    LockInfo mine{.who = user_at_host(),
                  .pid = getpid(),
                  .purpose = "import " + cluster_.config,
                  .since = session.clock.now()};
    Result<std::unique_ptr<StoreLock>> lock =
        lock_file(paths.database.string() + ".lock", mine, lock_timeout_, session.clock);
    if (!lock) return lock.error();
    Result<Snapshot> previous = read_previous(session, paths);
    if (!previous) return previous.error();
    Result<std::unique_ptr<Cluster>> opened = Cluster::open(session, *std::move(config), paths);
    if (!opened) return opened.error();
    Cluster& cluster = **opened;
    Result<std::vector<CloudNode>> machines =
        cluster.world()
            .provider(cluster.config().provider)
            .list(cluster.config().cluster, session.clock.now() + kCall);
    if (!machines) return machines.error();
    Config as_launched = cluster.config();
    Result<LaunchedAs> launched = launched_as(session, cluster, *machines, as_launched);
    if (!launched) return launched.error();
    Result<MountDigests> mounts = hash_mounts(cluster);
    if (!mounts) return mounts.error();
    const Desired desired = resolve(as_launched, Scale{}, *mounts, cluster.digest_key());
    add_ray_tags(session, cluster, desired, launched->tags);
    Rebuilt rebuilt = rebuild_snapshot(as_launched, desired, *previous, *machines, random_hex(8),
                                       launched->tags, ray_file_tags(as_launched));
    rebuilt.snapshot.pins[kImagePin] = launched->images;
    if (launched->images.empty()) rebuilt.snapshot.pins.erase(kImagePin);
    if (Result<> found = find_resources(session, cluster, *previous, *machines, rebuilt); !found) {
      return found.error();
    }
    Result<bool> go_on = confirmed(session, rebuilt);
    if (!go_on) return go_on.error();
    if (!*go_on) return 1;
    if (Result<> taken = take_in(session, cluster, rebuilt); !taken) return taken.error();
    for (const CloudNode& machine : *machines) {
      if (!machine.head || machine.power != Power::kRunning) continue;
      if (Result<> token = cluster.fetch_token(machine); !token) return token.error();
    }
    Result<std::int64_t> serial = cluster.store().replace(rebuilt.snapshot, previous->serial);
    if (!serial) return serial.error();
    return prove(session, cluster, rebuilt, *serial);
  }

 private:
  /// What is recorded now; a database that cannot be read is put aside and reads as empty.
  static Result<Snapshot> read_previous(Session& session, const ClusterPaths& paths) {
    Result<Snapshot> snapshot = Snapshot{};
    {
      Result<std::unique_ptr<StateStore>> store = open_sqlite_store(paths.database, session.clock);
      snapshot = store ? (*store)->load() : Result<Snapshot>(store.error());
    }
    if (snapshot || snapshot.error().code != ErrorCode::kStateCorrupt) return snapshot;
    Result<std::filesystem::path> kept = set_aside(paths.database, session.clock.now());
    if (!kept) return kept.error();
    session.io.err << "The state could not be read (" << snapshot.error().message
                   << "). It is kept as " << kept->string() << ".\n";
    return Snapshot{};
  }

  Result<bool> confirmed(Session& session, const Rebuilt& rebuilt) {
    if (yes_) return true;
    std::string question = "Record " + plural(rebuilt.snapshot.nodes.size(), "node") +
                           " of cluster " + rebuilt.snapshot.cluster.text;
    if (!rebuilt.foreign.empty()) {
      question += ", " + std::to_string(rebuilt.foreign.size()) + " of which rayctl did not make";
    }
    return ask(session, question + "?", "import");
  }

  /// Machines that were not ours are from now on: their tags say so, and what is recorded of them.
  static Result<> take_in(Session& session, Cluster& cluster, const Rebuilt& rebuilt) {
    for (const CloudNode& machine : rebuilt.foreign) {
      Tags tags = naming_tags(cluster.config().cluster, *machine.name, machine.head);
      tags.merge(record_tags(rebuilt.snapshot.nodes.at(*machine.name)));
      tags[kTagClusterId] = rebuilt.snapshot.cluster_id.text;
      Result<> tagged = cluster.world()
                            .provider(cluster.config().provider)
                            .set_tags(machine.id, tags, session.clock.now() + kCall);
      if (!tagged) return in_context(tagged.error(), "tagging " + machine.id.text);
    }
    return {};
  }

  static Json names_of(const std::vector<NodeName>& names) {
    Json texts = Json::array();
    for (const NodeName& name : names)
      texts.push_back(name.text);
    return texts;
  }

  static void show_what_is_current(Session& session, const Rebuilt& rebuilt) {
    std::ostream& out = session.io.out;
    if (!rebuilt.files_proven.empty()) {
      out << "Files on " << node_list(rebuilt.files_proven)
          << " are those that are here now: the tag ray-file-mounts-contents proves it.\n";
    }
    if (!rebuilt.files_differ.empty()) {
      out << "Files on " << node_list(rebuilt.files_differ)
          << " are not those that are here now (the tag ray-file-mounts-contents differs).\n";
    }
    if (rebuilt.taken_as_current.empty()) return;
    if (!rebuilt.files_unproven.empty()) {
      out << "Files on " << node_list(rebuilt.files_unproven)
          << " are taken as those that are here now: no tag that could be compared says what they "
             "are.\n";
    }
    out << "Set-up and Ray on " << node_list(rebuilt.taken_as_current)
        << " are taken as the file has them: Ray's launcher says that they are up to date.\n";
  }

  /// "key-pair ray-autoscaler_us-west-2": of what is beside machines, what rayctl did not make.
  static std::vector<std::string> not_ours(const Rebuilt& rebuilt) {
    std::vector<std::string> found;
    for (const auto& [name, record] : rebuilt.snapshot.resources) {
      if (!record.ours) found.push_back(name.text + " " + record.title);
    }
    return found;
  }

  /// Shows what was recorded and what a plan from it would do.
  Result<int> prove(Session& session, Cluster& cluster, const Rebuilt& rebuilt,
                    std::int64_t serial) {
    Result<Prepared> prepared = prepare(session, cluster, Goal{});
    if (!prepared) return prepared.error();
    const Plan& plan = prepared->plan;
    if (session.json) {
      Json names = Json::array();
      for (const auto& [name, record] : rebuilt.snapshot.nodes)
        names.push_back(name.text);
      show_json(session, {{"format_version", kOutputFormat},
                          {"serial", serial},
                          {"nodes", names},
                          {"found_resources", not_ours(rebuilt)},
                          {"taken_in", rebuilt.foreign.size()},
                          {"launched_otherwise", names_of(rebuilt.launched_otherwise)},
                          {"files_differ", names_of(rebuilt.files_differ)},
                          {"files_proven", names_of(rebuilt.files_proven)},
                          {"files_unproven", names_of(rebuilt.files_unproven)},
                          {"taken_as_current", names_of(rebuilt.taken_as_current)},
                          {"plan", plan_json(plan, source_of(cluster_))}});
      return 0;
    }
    show_diagnostics(session);
    for (const auto& [name, record] : rebuilt.snapshot.nodes) {
      session.io.out << "  " << name.text << "  " << record.id.text << "  " << record.ip << "\n";
    }
    for (const NodeName& name : rebuilt.launched_otherwise) {
      session.io.out << name.text
                     << " was launched from another node_config or auth than the file has (its tag "
                        "ray-launch-config differs). It is kept as it is.\n";
    }
    show_what_is_current(session, rebuilt);
    if (const std::vector<std::string> found = not_ours(rebuilt); !found.empty()) {
      session.io.out << "Used as found, and left there by `rayctl down`: " << join(found, ", ")
                     << ".\n";
    }
    session.io.out << "Recorded " << plural(rebuilt.snapshot.nodes.size(), "node") << " (serial "
                   << serial << ").\n";
    if (is_empty(plan)) {
      session.io.out << "A plan from it is empty: the cluster is as the file says.\n";
    } else {
      session.io.out << "A plan from it is not empty:\n\n"
                     << session.redactor.apply(render_plan(
                            plan, {.where = place_of(cluster.config()), .serial = serial},
                            out_style(session)));
    }
    return 0;
  }

  ClusterFlags cluster_;
  bool yes_ = false;
  Millis lock_timeout_{0};
  std::string write_to_, provider_ = "aws", region_;
};

}  // namespace

std::unique_ptr<Verb> make_import_verb() {
  return std::make_unique<ImportVerb>();
}

}  // namespace rayctl
