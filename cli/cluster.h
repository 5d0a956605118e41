#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "applier/world.h"
#include "cli/cluster_flags.h"
#include "cli/providers.h"
#include "cli/sent_manifests.h"
#include "cli/session.h"
#include "model/config.h"
#include "model/hash_cache.h"

namespace rayctl {

/// Where the files of one cluster lie: `folder`/{state.db, ray_token, digest_key, runs/, sent/}.
struct ClusterPaths {
  std::filesystem::path folder;
  std::filesystem::path database;
};
ClusterPaths cluster_paths(const ClusterName& name, const std::string& state_flag);

/// Where an apply puts the cluster's token on a node, below its home.
inline constexpr char kNodeTokenFile[] = ".rayctl/ray_token";

/// The node configs of all types, to be completed in place.
std::vector<Json*> node_configs_of(Config& config);

/// The concrete objects behind one cluster: store, hash cache, providers, tokens, and the World
/// made of them. Not copied; the World points into it.
class Cluster {
 public:
  /// Opens (and on first use makes) the cluster's folder and store. A provider that this program
  /// does not have is kNotSupported.
  static Result<std::unique_ptr<Cluster>> open(Session& session, Config config,
                                               const ClusterPaths& paths);

  const Config& config() const { return config_; }
  const ClusterPaths& paths() const { return paths_; }
  StateStore& store() { return *store_; }
  /// What the cluster's cloud has beside machines; kNotSupported where it is in none.
  Result<CloudDesk*> desk();
  World& world() { return *world_; }
  /// ProviderParts::notice_script of the config's provider.
  const std::string& notice_script() { return parts(config_.provider).notice_script; }
  /// Whether the autoscaler on the head needs a key for its machines.
  bool opens_by_key() { return parts(config_.provider).by_ssh; }
  /// Keys the digests of secret values; private to this cluster's folder.
  const std::string& digest_key() const { return digest_key_; }
  /// What names of images in the config mean, as far as they were looked up.
  void use_images(std::map<std::string, std::string> images) { images_ = std::move(images); }
  /// The files of a mount as they are now.
  Result<Manifest> manifest(const FileMount& mount);
  /// Those that were read, by digest. Not while other threads use this.
  const std::map<Digest, Manifest>& manifests() const { return manifests_; }
  SentManifests& sent() { return sent_; }

  /// Takes Ray's token from the cluster's folder, where it has one.
  Result<> find_token();
  /// The same, else from the head; none there means that the cluster has none.
  Result<> fetch_token(const CloudNode& head);
  /// The same, else makes one, unless the cluster is not to have one or runs without.
  Result<> make_token(const Snapshot& snapshot);
  /// After the end of the cluster: a new one gets a new token.
  void drop_token();

 private:
  Cluster(Session& session, Config config, ClusterPaths paths);
  ProviderParts& parts(const ProviderName& name);
  /// The files that the mount's digest stands for, read once for all nodes that they are sent to.
  Result<Manifest> planned_manifest(const FileMount& mount);
  /// For the head: node configs as a launch completes them, and what their machines offer.
  Result<std::string> bootstrap_text();

  Session& session_;
  Config config_;
  ClusterPaths paths_;
  std::unique_ptr<StateStore> store_;
  std::unique_ptr<HashCache> cache_;
  std::string digest_key_;
  std::mutex parts_mutex_;
  std::map<ProviderName, ProviderParts> parts_;  // entries are never removed
  std::mutex manifests_mutex_;
  std::map<Digest, Manifest> manifests_;  ///< those that were read
  SentManifests sent_;
  std::map<std::string, std::string> images_;
  std::unique_ptr<World> world_;
};

}  // namespace rayctl
