#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/names.h"
#include "model/resource.h"
#include "model/spec.h"

namespace rayctl {

enum class Power { kPending, kRunning, kStopping, kStopped, kGone };

/// A machine as its provider lists it. What the tags say is already read (model/tags.h).
struct CloudNode {
  CloudId id;
  Power power = Power::kRunning;
  std::optional<ClusterId> cluster;         ///< rayctl-cluster-id; nullopt: not made by rayctl
  std::optional<NodeName> name;             ///< rayctl-node; nullopt: launched and not yet named
  std::optional<NodeTypeName> type;         ///< ray-user-node-type
  std::optional<OpToken> token;             ///< rayctl-op of the operation that made it
  bool head = false;                        ///< ray-node-type is "head"
  std::string internal_ip, external_ip;     ///< "" while unknown
  std::map<std::string, std::string> tags;  ///< all of them, as the provider has them
  /// Why this one machine could not be seen although its provider was listed (a private host that
  /// does not answer); "" if it was. What the other fields say is then what is known from before:
  /// not seen is never the same as gone.
  std::string unseen;
  /// Why it is not to be kept, whatever the counts say (a private host that is no longer in the
  /// cluster's file); "" if there is no such reason.
  std::string unwanted;
  /// Kept stopped at its provider for a later launch: no node, until one starts it again.
  bool cached = false;
  /// Why it does not run yet, in one line, where its provider says so; "" else.
  std::string waits_for;
  /// When its provider takes it away, where it said so (a spot machine's notice).
  std::optional<Time> ends_at;
  bool operator==(const CloudNode&) const = default;
};

/// Ray's own view of one node.
struct RayNode {
  enum class State { kAlive, kDraining, kDead };
  std::string node_id;  ///< Ray's, hex
  State state = State::kAlive;
  bool idle = false;
  Millis idle_for{0};
  std::map<std::string, double> total, available;  ///< resources; a zero one is absent
  std::vector<std::string> activity;               ///< Ray's words on what keeps it busy
  std::string ip;
  std::string type;                           ///< RAY_NODE_TYPE_NAME at its start
  std::map<std::string, std::string> labels;  ///< with those that Ray adds, dynamic ones too
  bool operator==(const RayNode&) const = default;
};

/// What GCS said. Nodes are keyed by RAY_CLOUD_INSTANCE_ID; those that died are in it as kDead.
struct RayView {
  std::map<CloudId, RayNode> nodes;
  bool operator==(const RayView&) const = default;
};

/// What could be seen at one moment. A provider that could not be listed holds its Error: not
/// seen is never the same as gone, and its nodes are left alone.
struct Observed {
  Time at;
  std::map<ProviderName, Result<std::vector<CloudNode>>> machines;
  /// Providers whose list has every machine made before `at`: what it lacks is gone. With others a
  /// young machine may be missing.
  std::set<ProviderName> prompt;
  /// Providers that end a machine for certain whether or not it answers: a silent one can be ended.
  std::set<ProviderName> ends_silent;
  /// Of providers that have any; with --refresh=false: none.
  std::map<ProviderName, Result<SeenResources>> resources;
  /// nullopt: not asked (no head, no Ray, or --refresh=false); an Error: GCS cannot be reached.
  std::optional<Result<RayView>> ray;
  /// Whether the start operation of Ray still runs on a machine, where that was looked up (the
  /// head when GCS cannot be reached; every node of a cluster of plain processes).
  std::map<CloudId, bool> start_running;
  bool operator==(const Observed&) const = default;
};

}  // namespace rayctl
