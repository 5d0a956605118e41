#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/action.h"
#include "model/names.h"
#include "model/resource.h"
#include "model/spec.h"

namespace rayctl {

/// Where a node stands between its launch and its end. `kReady`: everything was done once and
/// Ray saw it; what is then out of date the digests say.
enum class Phase { kLaunched, kReady, kFailed, kDraining };

/// What we recorded of a node. Small: there may be 10,000.
struct NodeRecord {
  NodeTypeName type;
  ProviderName provider;
  bool head = false;
  CloudId id;
  std::string ip;  ///< internal address; "" while unknown
  Phase phase = Phase::kLaunched;
  SpecDigests applied;  ///< what was last put on the node (start is unused here)
  /// What Ray was last started with; empty: never, or stopped by us. `launch` and `synced` are
  /// unused. Ray must restart when this differs from what is wanted.
  SpecDigests running;
  std::optional<OpToken> made_by;
  std::string failure;  ///< last error in one line, while phase is kFailed
  /// When the machine was asked for or adopted; the epoch: long ago. A list may omit a machine that
  /// is younger than two minutes: its record is kept (planner).
  Time launched_at{};
  bool operator==(const NodeRecord&) const = default;
};

/// One way that a launch tried to get machines: a zone, a market, a type. Each is a call of its own
/// with a token of its own.
struct LaunchAttempt {
  std::string what;  ///< "us-west-2b m5.large spot x3": enough to repeat the very same call
  /// Ids of the machines that it made; nullopt: begun, and how it ended is not known.
  std::optional<std::vector<CloudId>> made;
  bool operator==(const LaunchAttempt&) const = default;
};

/// An effect that was begun and whose outcome is not recorded. Written before the call, so that
/// after a crash the next plan knows what may have happened and looks before it acts.
struct OpenOp {
  OpToken token;
  Action action;
  Time begun_at;
  std::vector<LaunchAttempt> attempts;  ///< of a launch, oldest first; all but the last have ended
  bool operator==(const OpenOp&) const = default;
};

/// One-run overrides of the file that a plan from the file alone must show as a difference.
struct Overrides {
  std::optional<int> min_workers, max_workers;
  bool operator==(const Overrides&) const = default;
};

/// What was seen first and must stay so, by kind and name: the key that a host showed, say.
using Pins = std::map<std::string, std::map<std::string, std::string>>;
/// The kind of pin that names of images are: "latest_dlami" -> "ami-0abc".
inline constexpr char kImagePin[] = "image";

/// Everything that the state store recorded of one cluster.
struct Snapshot {
  std::string lineage;      ///< random, made with the store; "" before the first write
  std::int64_t serial = 0;  ///< rises with every write
  std::int64_t epoch = 0;   ///< rises with every operator's apply
  ClusterName cluster;
  ClusterId cluster_id;  ///< "" before the first apply
  std::map<NodeName, NodeRecord> nodes;
  std::map<ResourceName, ResourceRecord> resources;
  std::vector<OpenOp> open;                  ///< oldest first
  std::map<NodeTypeName, int> highest;       ///< highest number ever given per type
  std::map<Digest, FieldDigests> breakdown;  ///< of digests that records still hold
  Digest autoscaler, config;                 ///< as last applied
  Overrides overrides;
  bool imported = false;
  Pins pins;  ///< not part of any plan; moves no serial
  bool operator==(const Snapshot&) const = default;
};

}  // namespace rayctl
