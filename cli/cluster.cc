#include "cli/cluster.h"

#include <random>
#include <utility>

#include "base/digest.h"
#include "base/files.h"
#include "cli/autoscale/worker_key.h"
#include "cli/crash_point.h"
#include "cli/ray_tags.h"
#include "cli/secrets.h"
#include "config/bootstrap.h"
#include "config/secrets.h"
#include "model/json_text.h"
#include "state/sqlite_hash_cache.h"
#include "state/sqlite_store.h"
#include "state/state_path.h"
#include "transport/manifest_builder.h"

namespace rayctl {
namespace {

constexpr char kTokenFile[] = "ray_token";
constexpr char kDigestKeyFile[] = "digest_key";
constexpr Millis kCall{30'000};

/// Stands in for a provider that records name and this program or this config does not have.
class MissingProvider final : public Provider, public NodeAccess {
 public:
  explicit MissingProvider(Error error) : error_(std::move(error)) {}
  Result<std::vector<CloudNode>> list(const ClusterName&, Time) override { return error_; }
  Result<std::vector<CloudNode>> create(const LaunchRequest&, Time) override { return error_; }
  Result<> set_tags(const CloudId&, const Tags&, Time) override { return error_; }
  Result<> terminate(const CloudId&, Time) override { return error_; }
  Result<std::unique_ptr<CommandRunner>> runner(const CloudNode&) override { return error_; }
  Result<Command> start_command(const CloudNode&, const NodeSpec&, const CloudNode*) override {
    return error_;
  }
  Result<std::string> gcs_endpoint(const CloudNode&) override { return error_; }
  Result<std::string> dashboard_url(const CloudNode&) override { return error_; }

 private:
  Error error_;
};

/// The file's contents, made of random bytes if there is no such file.
Result<std::string> read_or_make(const std::filesystem::path& path) {
  if (Result<std::string> text = read_file(path); text && !text->empty()) return *std::move(text);
  std::string made = random_hex(32);
  Result<> written = write_file_atomic(path, made, 0600);
  if (!written) return written.error();
  return made;
}

bool runs_plain_processes(const Config& config) {
  const NodeTypeConfig* head = config.find(config.head_type);
  return head != nullptr && head->node_config.contains("command");
}

/// Ray's own monitor logs in to workers; nobody else on the head does.
std::string bootstrap_key(const Config& config) {
  if (config.rayctl.autoscaler != AutoscalerKind::kRay) return "";
  const std::string path = text_in(config.auth, "ssh_private_key");
  return path.empty() ? "" : expand_home(path, home_directory());
}

double random_share() {
  thread_local std::mt19937_64 engine{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(engine);
}

}  // namespace

ClusterPaths cluster_paths(const ClusterName& name, const std::string& state_flag) {
  ClusterPaths paths;
  paths.database = state_path(state_home(), name, state_flag);
  paths.folder = paths.database.parent_path();
  return paths;
}

Cluster::Cluster(Session& session, Config config, ClusterPaths paths)
    : session_(session),
      config_(std::move(config)),
      paths_(std::move(paths)),
      sent_(paths_.folder / "sent") {}

Result<std::unique_ptr<Cluster>> Cluster::open(Session& session, Config config,
                                               const ClusterPaths& paths) {
  std::unique_ptr<Cluster> cluster(new Cluster(session, std::move(config), paths));
  if (Result<> made = make_directories(paths.folder); !made) return made.error();
  Result<std::unique_ptr<StateStore>> store = open_sqlite_store(paths.database, session.clock);
  if (!store) return store.error();
  cluster->store_ = *std::move(store);
  cluster->cache_ = open_sqlite_hash_cache(paths.folder / "hashes.db");
  Result<std::string> key = read_or_make(paths.folder / kDigestKeyFile);
  if (!key) return key.error();
  cluster->digest_key_ = *std::move(key);

  ProviderSetting setting{.config = cluster->config_,
                          .state_root = state_home(),
                          .program = session.program,
                          .io = session.io,
                          .clock = session.clock,
                          .store = *cluster->store_,
                          .worker_key = [folder = paths.folder,
                                         &io = session.io] { return worker_key_line(folder, io); },
                          .context = session.context,
                          .impersonate = session.impersonate};
  Result<ProviderParts> parts = session.providers.make(cluster->config_.provider, setting);
  if (!parts) return parts.error();
  cluster->parts_[cluster->config_.provider] = *std::move(parts);

  Cluster* self = cluster.get();
  std::map<std::string, std::string> sealed =
      inline_secrets(cluster->config_, cluster->digest_key_);
  cluster->world_ = std::make_unique<World>(World{
      .store = *cluster->store_,
      .clock = session.clock,
      .provider = [self](const ProviderName& name) -> Provider& {
        return *self->parts(name).provider;
      },
      .access = [self](const ProviderName& name) -> NodeAccess& {
        return *self->parts(name).access;
      },
      .ray = [self](const CloudNode& head) -> Result<std::unique_ptr<RayCluster>> {
        NodeAccess& access = *self->parts(self->config_.provider).access;
        Result<std::string> endpoint = access.gcs_endpoint(head);
        if (!endpoint) return endpoint.error();
        return connect_ray(*endpoint, self->world_->auth_token);
      },
      .manifest = [self](const FileMount& mount) { return self->planned_manifest(mount); },
      .secret = [&session, sealed](const std::string& reference) -> Result<std::string> {
        auto found = sealed.find(reference);
        if (found != sealed.end()) return found->second;
        return resolve_secret(session.io, reference);
      },
      .ray_launch_tag =
          [self](const Json& node_config) { return ray_launch_tag(self->config_, node_config); },
      .bootstrap_config = [self] { return self->bootstrap_text(); },
      .bootstrap_key = bootstrap_key(cluster->config_),
      .auth_token = "",
      .random = random_share,
      .crash_point = crash_point_hook(session.io),
      .plain_processes = runs_plain_processes(cluster->config_)});
  return cluster;
}

std::vector<Json*> node_configs_of(Config& config) {
  std::vector<Json*> all;
  for (NodeTypeConfig& type : config.node_types)
    all.push_back(&type.node_config);
  return all;
}

Result<CloudDesk*> Cluster::desk() {
  CloudDesk* desk = parts(config_.provider).desk.get();
  if (desk != nullptr) return desk;
  return permanent(ErrorCode::kNotSupported,
                   "`type: " + config_.provider.text + "` is no cloud: there is nothing of that");
}

Result<std::string> Cluster::bootstrap_text() {
  Config config = config_;
  Provider& provider = *parts(config.provider).provider;
  const Time deadline = session_.clock.now() + kCall;
  Result<std::map<std::string, std::string>> images =
      provider.resolve_images(node_configs_of(config), images_, deadline);
  if (!images) return in_context(images.error(), "looking up images");
  std::vector<Json> node_configs;
  for (const NodeTypeConfig& type : config.node_types)
    node_configs.push_back(type.node_config);
  Result<std::vector<std::map<std::string, double>>> offers =
      provider.machine_resources(node_configs, deadline);
  if (!offers) return in_context(offers.error(), "looking up what the node types offer");
  for (std::size_t at = 0; at < config.node_types.size(); ++at) {
    NodeTypeConfig& type = config.node_types[at];
    type.resources.insert((*offers)[at].begin(), (*offers)[at].end());
    if (config.rayctl.autoscaler != AutoscalerKind::kRay) continue;
    Result<Json> completed =
        provider.launch_config(type.node_config, type.name == config.head_type, deadline);
    if (!completed) return in_context(completed.error(), "completing node type " + type.name.text);
    type.node_config = *std::move(completed);
  }
  std::string text = bootstrap_config(config, digest_key_);
  const auto& head_config = parts(config.provider).head_config;
  if (config.rayctl.autoscaler != AutoscalerKind::kRay || !head_config) return text;
  return head_config(text, session_.clock.now() + kCall);
}

ProviderParts& Cluster::parts(const ProviderName& name) {
  std::lock_guard guard(parts_mutex_);
  ProviderParts& parts = parts_[name];
  if (!parts.provider) {
    // A record may name a provider that the file no longer has.
    Error error = permanent(ErrorCode::kNotSupported,
                            "provider `" + name.text + "` is not in the cluster's file any more");
    parts.provider = std::make_unique<MissingProvider>(error);
    parts.access = std::make_unique<MissingProvider>(error);
  }
  return parts;
}

Result<Manifest> Cluster::manifest(const FileMount& mount) {
  ManifestOptions options{.exclude = config_.rsync_exclude, .filter = config_.rsync_filter};
  Result<Manifest> manifest = build_manifest(mount.local, options, *cache_);
  if (!manifest) return manifest;
  std::lock_guard guard(manifests_mutex_);
  manifests_[manifest_digest(*manifest)] = *manifest;
  return manifest;
}

Result<Manifest> Cluster::planned_manifest(const FileMount& mount) {
  {
    std::lock_guard guard(manifests_mutex_);
    auto read = manifests_.find(mount.manifest);
    if (read != manifests_.end()) {
      sent_.keep(read->first, read->second);
      return read->second;
    }
  }
  return manifest(mount);
}

Result<> Cluster::find_token() {
  if (!world_->auth_token.empty()) return {};
  std::filesystem::path path = paths_.folder / kTokenFile;
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return {};
  Result<std::string> token = read_file(path, 4096);
  if (!token) return token.error();
  world_->auth_token = *std::move(token);
  session_.redactor.add(world_->auth_token);
  return {};
}

Result<> Cluster::make_token(const Snapshot& snapshot) {
  if (Result<> found = find_token(); !found || !world_->auth_token.empty()) return found;
  bool has_head = false;
  for (const auto& [name, record] : snapshot.nodes)
    has_head = has_head || record.head;
  // A head that runs without a token (made by `ray up`, say) must not get one behind its back.
  if (has_head || snapshot.imported || !config_.rayctl.auth_token || world_->plain_processes) {
    return {};
  }
  Result<std::string> token = read_or_make(paths_.folder / kTokenFile);
  if (!token) return token.error();
  world_->auth_token = *std::move(token);
  session_.redactor.add(world_->auth_token);
  return {};
}

Result<> Cluster::fetch_token(const CloudNode& head) {
  if (Result<> found = find_token(); !found || !world_->auth_token.empty()) return found;
  Result<std::unique_ptr<CommandRunner>> runner = world_->access(config_.provider).runner(head);
  if (!runner) return runner.error();
  std::filesystem::path path = paths_.folder / kTokenFile;
  Time deadline = session_.clock.now() + kCall;
  Command exists{.argv = {"test", "-s", kNodeTokenFile}};
  Result<CommandOutput> there = (*runner)->run(exists, deadline);
  if (!there) return there.error();
  if (there->exit_code != 0) return {};
  Result<> got = (*runner)->download(std::string("~/") + kNodeTokenFile, path, deadline);
  if (!got) return got.error();
  std::error_code ignored;
  std::filesystem::permissions(path, std::filesystem::perms(0600), ignored);
  return find_token();
}

void Cluster::drop_token() {
  world_->auth_token.clear();
  std::error_code ignored;
  std::filesystem::remove(paths_.folder / kTokenFile, ignored);
}

}  // namespace rayctl
