#include <unistd.h>

#include <ostream>

#include "applier/secrets.h"
#include "base/digest.h"
#include "base/files.h"
#include "base/text.h"
#include "cli/commands/change_flags.h"
#include "cli/commands/verbs.h"
#include "cli/confirm.h"
#include "cli/output.h"
#include "cli/ray_tags.h"
#include "cli/rebuild.h"
#include "cli/section.h"
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
    declare_cluster(flags, cluster_);
    flags.flag("-y,--yes", yes_);
    flags.duration("--lock-timeout", lock_timeout_);
  }

  Result<int> run(Session& session) override {
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
    RayLaunchTags tags = tags_of(session, cluster, desired);
    for (const auto& [type, more] : launched->tags)
      tags[type].insert(more.begin(), more.end());
    Rebuilt rebuilt =
        rebuild_snapshot(as_launched, desired, *previous, *machines, random_hex(8), tags);
    rebuilt.snapshot.pins[kImagePin] = launched->images;
    if (launched->images.empty()) rebuilt.snapshot.pins.erase(kImagePin);
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

  /// What Ray's launchers would have written on the machines of each type; nothing without the
  /// secrets that go into it, which an import needs for nothing else.
  static RayLaunchTags tags_of(Session& session, Cluster& cluster, const Desired& desired) {
    Plan all;
    all.specs = desired.specs;
    Result<Secrets> secrets = Secrets::resolve(all, cluster.world());
    RayLaunchTags tags;
    if (!secrets) {
      session.io.err << "Ray's launch digests are not compared: " << secrets.error().message
                     << "\n";
      return tags;
    }
    for (const auto& [type, spec] : desired.specs)
      tags[type] = ray_launch_tags(cluster.config(), secrets->reveal(spec.launch));
    return tags;
  }

  /// What the machines themselves say of how they were launched, where their place can tell.
  struct LaunchedAs {
    std::map<std::string, std::string> images;  ///< what names of images meant for them
    RayLaunchTags tags;                         ///< Ray's digests of what it launched them from
  };

  /// Puts the images that the machines run into `config`.
  static Result<LaunchedAs> launched_as(Session& session, Cluster& cluster,
                                        const std::vector<CloudNode>& machines, Config& config) {
    LaunchedAs found;
    Provider& provider = cluster.world().provider(config.provider);
    const Time deadline = session.clock.now() + kCall;
    std::map<std::string, std::string> running;
    if (Result<CloudDesk*> desk = cluster.desk()) {
      for (const CloudNode& machine : machines) {
        if (machine.power != Power::kRunning) continue;
        const NodeTypeConfig* type =
            config.find(machine.type.value_or(machine.head ? config.head_type : NodeTypeName{}));
        if (type == nullptr) continue;
        Result<std::vector<Json>> configs =
            (*desk)->ray_node_configs(machine, type->node_config, deadline);
        if (!configs) return configs.error();
        for (const Json& each : *configs) {
          running.emplace(text_in(type->node_config, "ImageId"), text_in(each, "ImageId"));
          found.tags[type->name].merge(ray_launch_tags(with_key(config, each), each));
        }
      }
    }
    std::vector<Json*> node_configs;
    for (NodeTypeConfig& type : config.node_types)
      node_configs.push_back(&type.node_config);
    // Without an image in the file, the name that stands for it has no meaning of its own yet.
    if (const auto unnamed = running.find(""); unnamed != running.end()) {
      running.emplace("latest_dlami", unnamed->second);
    }
    Result<std::map<std::string, std::string>> images =
        provider.resolve_images(node_configs, running, deadline);
    if (!images) return in_context(images.error(), "looking up images");
    found.images = *std::move(images);
    return found;
  }

  /// The config with the key that Ray's launcher makes where the file names none.
  static Config with_key(Config config, const Json& node_config) {
    if (text_in(config.auth, "ssh_private_key").empty()) {
      config.auth["ssh_private_key"] =
          home_directory() + "/.ssh/" + text_in(node_config, "KeyName") + ".pem";
    }
    return config;
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

  /// Machines that were not ours are from now on: their tags say so.
  static Result<> take_in(Session& session, Cluster& cluster, const Rebuilt& rebuilt) {
    for (const CloudNode& machine : rebuilt.foreign) {
      Tags tags = naming_tags(cluster.config().cluster, *machine.name, machine.head);
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
                          {"taken_in", rebuilt.foreign.size()},
                          {"launched_otherwise", names_of(rebuilt.launched_otherwise)},
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
    if (!rebuilt.taken_as_current.empty()) {
      session.io.out << "Files, set-up and Ray on " << node_list(rebuilt.taken_as_current)
                     << " are taken as the file has them: Ray's launcher says that they are up to "
                        "date.\n";
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
};

}  // namespace

std::unique_ptr<Verb> make_import_verb() {
  return std::make_unique<ImportVerb>();
}

}  // namespace rayctl
