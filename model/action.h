#pragma once
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "model/names.h"
#include "model/spec.h"

namespace rayctl {

// One struct per thing that can be done. Visited without a default branch (std::visit with
// Overloaded), so that a new action does not compile until every visitor handles it. Actions name
// specs by node type; the specs themselves stand once in the plan.

/// Launches nodes.size() machines of one type in one operation, idempotent in its token. After it
/// machines are named: sorted by id, the first unnamed one gets the first free name.
struct CreateNodes {
  NodeTypeName type;
  std::vector<NodeName> nodes;
  bool operator==(const CreateNodes&) const = default;
};
/// Makes (or recreates) the node's container. Nothing to do where `docker` is empty. A new
/// container is empty: afterwards the record has no files and no setup applied, so that a plan made
/// after a crash puts them into it.
struct PrepareContainer {
  NodeName node;
  Digest docker;
  bool operator==(const PrepareContainer&) const = default;
};
/// Sends the file mounts' changed files.
struct SyncFiles {
  NodeName node;
  Digest files;
  bool operator==(const SyncFiles&) const = default;
};
/// Sends cluster_synced_files from the head.
struct SyncFromHead {
  NodeName node;
  Digest synced;
  bool operator==(const SyncFromHead&) const = default;
};
/// Runs initialization_commands and setup_commands.
struct SetUpNode {
  NodeName node;
  Digest setup;
  bool operator==(const SetUpNode&) const = default;
};
/// Starts Ray and waits until GCS says that the node is alive (or, for a plain process, runs).
struct StartRay {
  NodeName node;
  Digest start;
  bool operator==(const StartRay&) const = default;
};
/// Stops Ray on a machine that stays.
struct StopRay {
  NodeName node;
  bool operator==(const StopRay&) const = default;
};
/// Asks Ray to move work away, and waits up to `patience`.
struct DrainNode {
  NodeName node;
  CloudId id;
  Millis patience{0};
  /// Fails, and changes nothing, where Ray says that the node is in use.
  bool if_idle = false;
  bool operator==(const DrainNode&) const = default;
};
/// Ends a machine. Succeeds when it is gone or going.
struct TerminateNode {
  NodeName node;
  CloudId id;
  /// Where the config keeps machines stopped for later launches, this one may be kept.
  bool may_return = false;
  bool operator==(const TerminateNode&) const = default;
};
/// Records (and names, if it has no name yet) a machine of ours that no record knows.
struct AdoptNode {
  NodeName node;
  NodeTypeName type;
  CloudId id;
  bool operator==(const AdoptNode&) const = default;
};
/// Removes the record of a node whose machine is gone. Touches nothing but the state.
struct ForgetNode {
  NodeName node;
  bool operator==(const ForgetNode&) const = default;
};
/// Closes an open operation that has nothing left to do. Touches nothing but the state.
struct CloseOp {
  OpToken token;
  bool operator==(const CloseOp&) const = default;
};
/// Makes a resource or finds it, and brings it to what is wanted. Idempotent.
struct MakeResource {
  ResourceName resource;
  std::string title;
  bool operator==(const MakeResource&) const = default;
};
/// Removes a resource that we made; of one that is not ours, the record alone.
struct RemoveResource {
  ResourceName resource;
  std::string title;
  bool operator==(const RemoveResource&) const = default;
};
/// Hands new limits, config and program to the autoscaler and sees to it that it runs; without a
/// digest, that it has ended. Disturbs nobody.
struct ConfigureAutoscaler {
  Digest autoscaler;
  /// What runs afterwards, for people: "rayctl 0.4", or "rayctl 0.3 -> 0.4" where one takes over
  /// from another; "" where no program is handed over.
  std::string program;
  bool operator==(const ConfigureAutoscaler&) const = default;
};

using Action = std::variant<CreateNodes, PrepareContainer, SyncFiles, SyncFromHead, SetUpNode,
                            StartRay, StopRay, DrainNode, TerminateNode, AdoptNode, ForgetNode,
                            CloseOp, ConfigureAutoscaler, MakeResource, RemoveResource>;

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

/// The nodes an action is about; empty for those about no node.
std::vector<NodeName> nodes_of(const Action& action);
/// The verb used in JSON and in messages: "create-nodes", "start-ray", ...
const char* verb_of(const Action& action);

}  // namespace rayctl
