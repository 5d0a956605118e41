#pragma once
#include <filesystem>
#include <map>
#include <string>

#include "cli/autoscale/bundle_facts.h"
#include "cli/autoscale/program_files.h"
#include "cli/cluster.h"
#include "model/manifest.h"

namespace rayctl {

// What an autoscaler works from, in a folder that needs nothing beside it. All of it is found by
// content, so that a changed limit sends a few kilobytes and no program:
//
//   program-<digest>/   rayctl with its loader and libraries; `run` starts it
//   mount-<digest>      one file mount, exactly as its manifest says
//   bundle-<digest>/    bundle.json, cluster.yaml, digest_key, ray_token, worker_key (0600),
//                       records.json (taken_over.h), and links to the folders beside: program,
//                       mounts/1, mounts/2, ...
//   state/              of an autoscaler that has a state of its own
//   lease               who may change the cluster (lease.h); ~/.rayctl/autoscaler/lease on a head

/// What a bundle is to hold beside what the cluster's config says.
struct BundleRequest {
  std::string version;  ///< of this program
  ClusterId cluster_id;
  ClusterFlags flags;                         ///< overrides that the config was read with
  std::map<std::string, std::string> images;  ///< Desired::images
  bool own_state = true;        ///< false: it uses the state of the cluster's folder, here
  std::string worker_key_file;  ///< ensure_worker_key(); "" for none
};

/// A bundle that is not written yet.
struct BundlePlan {
  Digest digest;  ///< of `facts`
  BundleFacts facts;
  ProgramFiles program;
  std::string worker_key_file;
};

/// Reads this program and the file mounts; changes nothing. kNotSupported where the program cannot
/// be taken along.
Result<BundlePlan> plan_bundle(Cluster& cluster, const BundleRequest& request);

/// Where the cluster's bundles lie: `<the cluster's folder>/autoscaler`.
std::filesystem::path bundles_folder(const ClusterPaths& paths);
/// The cluster's lease, beside its bundles.
inline constexpr char kLeaseFile[] = "lease";
/// "bundle-<digest>".
std::string bundle_name(const Digest& digest);

/// Writes it below bundles_folder() unless it is there, and gives its folder. kPlanStale if the
/// YAML, the program or a mount is no longer what was planned. Broken off, it leaves what the next
/// call makes right.
Result<std::filesystem::path> write_bundle(Session& session, Cluster& cluster,
                                           const BundlePlan& plan);

/// A bundle as it is found.
struct OpenedBundle {
  BundleFacts facts;
  Digest digest;
  Config config;           ///< its file mounts lie in the bundle; equal digests all the same
  ClusterPaths paths;      ///< of the state, which has the digest key and Ray's token
  std::string worker_key;  ///< path of the key that opens workers; "" for none
};

/// Reads it, and gives a state of its own what it needs of the bundle's secrets. The bundle may
/// have been moved. kStateTooNew for one that a later format made.
Result<OpenedBundle> open_bundle(Session& session, const std::filesystem::path& folder);

/// Removes bundles, programs and mounts that `keep` (a bundle in the same folder) does not need.
/// What cannot be removed stays.
void drop_other_bundles(const std::filesystem::path& keep);

}  // namespace rayctl
