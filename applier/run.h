#pragma once
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "applier/applier.h"
#include "applier/journal.h"
#include "applier/machines.h"
#include "applier/ray_link.h"
#include "applier/secrets.h"
#include "applier/talk.h"
#include "transport/file_relay.h"

namespace rayctl {

/// One apply under way: what the actions share. Every part is thread-safe.
struct Run {
  const Plan& plan;
  World& world;
  const ApplyOptions& options;
  const Secrets& secrets;
  Journal& journal;
  Talk& talk;
  Machines& machines;
  RayLink& ray;
  FileRelay& relay;         ///< of cluster_synced_files
  std::string lineage;      ///< of the store, once it has one
  std::int64_t serial = 0;  ///< when the first step began: the base of the run's tokens
  ClusterId cluster_id;
};

/// What a step leaves behind when it went well.
struct Effect {
  std::map<NodeName, std::optional<NodeRecord>> records;            ///< nullopt removes
  std::map<ResourceName, std::optional<ResourceRecord>> resources;  // the same
  std::map<NodeTypeName, int> highest;
  /// Nodes that a launch did not make, and why; the rest of the step stands.
  std::set<NodeName> missing;
  std::optional<Error> shortfall;
};

/// A node that a step works on.
struct NodeAtWork {
  NodeName name;
  NodeRecord record;
  CloudNode machine;
  std::unique_ptr<CommandRunner> runner;
};

/// Waits. An Error of unknown outcome, so that the operation stays open, if the run is told to
/// leave what is in flight.
Result<> pause(Run& run, Millis duration);

/// Waits for the node's machine to run and to answer, at most as long as the options say, and
/// connects to the place where Ray runs: its container, if it has one, which is started if it is
/// stopped. kConnectionLost with the node's name and address if it does not answer in time.
Result<NodeAtWork> reach(Run& run, const Step& step, const NodeName& node);
/// The same to the machine itself, outside any container.
Result<NodeAtWork> reach_machine(Run& run, const Step& step, const NodeName& node);
/// The spec of a type that the plan names.
Result<const NodeSpec*> spec_of(const Run& run, const NodeTypeName& type);
/// The head that stays: the one whose machine this plan does not terminate.
Result<NodeName> head_name(const Run& run);
Result<CloudNode> head_of(Run& run);
/// Where the record of a node, or else the plan, says that its machine is; "" if neither does.
ProviderName provider_of(const Run& run, const NodeName& node);
/// Sets ray-node-status; what the machine is doing now, for people who look at a console.
Result<> tag_status(Run& run, const NodeAtWork& node, const char* status);
/// Puts on the machine what `record` says, so that an import finds it there, and makes it the
/// step's effect. A node that failed and on which Ray runs is ready again. Called before the
/// journal's finish.
Result<Effect> settled(Run& run, const NodeAtWork& node, NodeRecord record);
/// An error that came up after the step's effect was begun: it did not merely "not happen", so that
/// the operation stays open and the next plan goes on with it.
Error begun(Error error);
/// What a failed action leaves in the record: kFailed, why, and that what it was to change is no
/// longer known: even if the old is wanted again, it must be done again. Best effort on the
/// machine's tags.
Effect failed_node(Run& run, const NodeName& node, const Action& action, const Error& error);

}  // namespace rayctl
