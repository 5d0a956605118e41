#pragma once
#include <map>
#include <string>

#include "model/observed.h"
#include "model/snapshot.h"

namespace rayctl {

// Ray's own tags (python/ray/autoscaler/tags.py), with the values Ray gives them, so that clusters
// of either tool can be read by the other; ours stand beside them.
inline constexpr char kTagClusterName[] = "ray-cluster-name";
inline constexpr char kTagNodeKind[] = "ray-node-type";  ///< "head" or "worker"
inline constexpr char kTagUserNodeType[] = "ray-user-node-type";
inline constexpr char kTagNodeName[] = "ray-node-name";
inline constexpr char kTagNodeStatus[] = "ray-node-status";
inline constexpr char kTagLaunchConfig[] = "ray-launch-config";
inline constexpr char kTagRuntimeConfig[] = "ray-runtime-config";
inline constexpr char kTagFileMounts[] = "ray-file-mounts-contents";
inline constexpr char kTagNode[] = "rayctl-node";
inline constexpr char kTagOp[] = "rayctl-op";
inline constexpr char kTagClusterId[] = "rayctl-cluster-id";
inline constexpr char kTagApplied[] = "rayctl-applied";  ///< SpecDigests, see encode_digests
inline constexpr char kTagRunning[] = "rayctl-running";
inline constexpr char kTagPending[] = "rayctl-pending";

// Values of kTagNodeStatus.
inline constexpr char kStatusUninitialized[] = "uninitialized";
inline constexpr char kStatusWaitingForSsh[] = "waiting-for-ssh";
inline constexpr char kStatusSyncingFiles[] = "syncing-files";
inline constexpr char kStatusSettingUp[] = "setting-up";
inline constexpr char kStatusUpToDate[] = "up-to-date";
inline constexpr char kStatusUpdateFailed[] = "update-failed";

using Tags = std::map<std::string, std::string>;

/// The tags a machine is launched with; its name follows (naming_tags) once its id is known.
Tags launch_tags(const ClusterName& cluster, const ClusterId& id, const NodeSpec& spec,
                 const OpToken& token);
Tags naming_tags(const ClusterName& cluster, const NodeName& node, bool head);
/// The tags that say what was applied, enough for `rayctl import` to rebuild the record.
Tags record_tags(const NodeRecord& record);
/// Fills the fields of a CloudNode that tags carry.
void read_tags(CloudNode& node);
/// The record that the tags of a machine describe (phase, applied, running); digests stay empty
/// where the machine has no rayctl tags, and for what its status says is just being changed.
NodeRecord record_from_tags(const CloudNode& node, const ProviderName& provider);

/// "l=0a1b..,d=,f=..,s=..,r=..,y=.." (launch, docker, files, setup, start, synced): at most 255
/// characters with short digests.
std::string encode_digests(const SpecDigests& digests);
SpecDigests decode_digests(const std::string& text);

}  // namespace rayctl
