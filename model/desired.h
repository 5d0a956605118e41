#pragma once
#include <map>
#include <set>

#include "base/clock.h"
#include "model/names.h"
#include "model/spec.h"

namespace rayctl {

/// How many nodes of each type are wanted, and which named ones may go: all that the autoscaler
/// (or the default rule, config/resolve.h) can say to the rest.
struct Scale {
  std::map<NodeTypeName, int> want;  ///< the head's type is not in it: there is one head
  std::set<NodeName> release;        ///< removed first, even when the count alone would keep them
  std::set<NodeName> if_idle;        ///< those of them that stay if Ray says that they are in use
  bool operator==(const Scale&) const = default;
};

/// Among the fields of Desired::autoscaler: the version of the program, as it is.
inline constexpr char kProgramField[] = "rayctl";

/// The whole goal: the config with the counts folded in. It names no node that is to be made:
/// only the planner pairs counts with the nodes that exist.
struct Desired {
  ClusterName cluster;
  NodeTypeName head_type;
  std::map<NodeTypeName, NodeSpec> specs;  ///< the head's among them
  std::map<NodeTypeName, int> want;        ///< per type; the head's is 1, or 0 with destroy
  std::map<NodeTypeName, std::string>
      why;                              ///< per type, why that count ("min_workers of gpu: 0 -> 1")
  std::set<NodeName> release, if_idle;  ///< as in Scale
  std::map<Digest, FieldDigests> breakdown;  ///< of every digest in specs and of `autoscaler`
  /// Of min/max workers, idle timeout, upscaling speed, ..., and of what is handed to `program`.
  Digest autoscaler;
  std::string program;  ///< what decides on counts, "rayctl 0.4"; "" if no program of ours does
  Digest config;        ///< of the whole resolved config
  int max_unavailable = 1;
  Millis drain_patience{60'000};  ///< how long Ray may move work away before a machine ends
  bool destroy = false;           ///< `down`: nothing is wanted
  /// Changed files go out beside a running Ray, which does not restart for them
  /// (file_mounts_sync_continuously).
  bool files_beside_ray = false;
  /// What travels to a node with the first files digest so that it has the second; "" stands for a
  /// node without files. What is not known is not in it.
  std::map<std::pair<Digest, Digest>, std::vector<MountChange>> sends;
  /// Names of images that the specs were resolved with, and what they mean (Plan::images).
  std::map<std::string, std::string> images;
  bool operator==(const Desired&) const = default;
};

}  // namespace rayctl
