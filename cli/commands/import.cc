#include <unistd.h>

#include <algorithm>
#include <filesystem>
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
#include "cli/write_config.h"
#include "config/config.h"
#include "config/emit.h"
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
    if (!write_to_.empty()) return write(session);
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
    RayLaunchTags tags = tags_of(session, cluster, desired);
    for (const auto& [type, more] : launched->tags)
      tags[type].insert(more.begin(), more.end());
    Rebuilt rebuilt = rebuild_snapshot(as_launched, desired, *previous, *machines, random_hex(8),
                                       tags, ray_file_tags(as_launched));
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
  /// Makes a YAML where none is at hand. Records nothing.
  Result<int> write(Session& session) {
    take_output(session, cluster_.json, cluster_.no_color);
    if (!cluster_.config.empty() || cluster_.cluster_name.empty() || region_.empty()) {
      return permanent(ErrorCode::kUsage,
                       "--write-config takes --cluster-name and --region, and no CONFIG");
    }
    std::error_code problem;
    if (std::filesystem::exists(write_to_, problem)) {
      return permanent(ErrorCode::kUsage, write_to_ + " is there already, and is left as it is");
    }
    const Parsed parsed = parse_config(
        emit_yaml({{"cluster_name", cluster_.cluster_name},
                   {"provider", {{"type", provider_}, {"region", region_}}},
                   {"available_node_types", {{"head", {{"node_config", Json::object()}}}}},
                   {"head_node_type", "head"}}),
        "--write-config", {.home = home_directory()});
    if (!parsed.config) {
      return permanent(ErrorCode::kUsage, parsed.diagnostics.empty()
                                              ? "there is no such cluster"
                                              : parsed.diagnostics.front().summary);
    }
    const Config& config = *parsed.config;
    Result<std::unique_ptr<Cluster>> cluster =
        Cluster::open(session, config, cluster_paths(config.cluster, cluster_.state));
    if (!cluster) return cluster.error();
    Result<CloudDesk*> desk = (*cluster)->desk();
    if (!desk) return desk.error();
    Result<std::vector<LaunchFacts>> machines =
        (*desk)->launch_facts(config.cluster, session.clock.now() + kCall);
    if (!machines) return machines.error();
    Result<std::vector<TaggedThing>> things = (*desk)->list_tagged(session.clock.now() + kCall);
    if (!things) return things.error();
    const std::size_t count = machines->size();
    Result<WrittenConfig> made =
        write_config(config.cluster, config.provider, region_, *std::move(machines), *things);
    if (!made) return made.error();
    if (Result<> done = write_file_atomic(write_to_, made->yaml, 0644); !done) return done.error();
    if (session.json) {
      show_json(session, {{"format_version", kOutputFormat},
                          {"machines", count},
                          {"not_known", made->unknown},
                          {"written", write_to_}});
      return 0;
    }
    session.io.out << "Wrote " << write_to_ << " from " << plural(count, "machine")
                   << ". Not known is:\n";
    for (const std::string& each : made->unknown)
      session.io.out << "  - " << each << "\n";
    session.io.out << "Complete it, then: rayctl import " << write_to_ << "\n";
    return 0;
  }

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

  /// Records what is beside machines: what the head uses, where it can tell, before what an apply
  /// would look for by name. Access by a key that EC2 knows begins here.
  static Result<> find_resources(Session& session, Cluster& cluster, const Snapshot& previous,
                                 const std::vector<CloudNode>& machines, Rebuilt& rebuilt) {
    Snapshot& snapshot = rebuilt.snapshot;
    const Time deadline = session.clock.now() + kCall;
    ResourceScope scope{.cluster = snapshot.cluster,
                        .cluster_id = snapshot.cluster_id,
                        .known = {},
                        .thorough = true};
    if (previous.cluster_id == snapshot.cluster_id) scope.known = previous.resources;
    if (Result<CloudDesk*> desk = cluster.desk()) {
      for (const CloudNode& machine : machines) {
        if (!machine.head || machine.power != Power::kRunning) continue;
        Result<std::map<ResourceName, ResourceRecord>> used = (*desk)->used_by(machine, deadline);
        if (!used) return used.error();
        scope.known.insert(used->begin(), used->end());
      }
    }
    Result<SeenResources> found =
        cluster.world().provider(cluster.config().provider).list_resources(scope, deadline);
    if (!found) return in_context(found.error(), "looking at what is beside machines");
    for (const SeenResource& seen : found->seen) {
      const auto spec =
          std::find_if(found->wanted.begin(), found->wanted.end(),
                       [&](const ResourceSpec& each) { return each.name == seen.name; });
      if (spec == found->wanted.end()) continue;
      snapshot.resources[seen.name] = {.provider = spec->provider,
                                       .title = seen.title,
                                       .id = seen.id,
                                       .ours = seen.cluster == snapshot.cluster_id,
                                       .needs = spec->needs};
    }
    return {};
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
