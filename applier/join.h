#pragma once
#include "applier/run.h"

namespace rayctl {

/// A start of Ray (or of a plain process) on a node.
struct Join {
  const Step& step;
  const NodeAtWork& node;
  const OpToken& token;
  const Command& command;
  const CloudNode& head;  ///< the node itself if it is the head
  bool ray = true;
  /// The command ends with 0 once Ray runs on its own (start commands of the config).
  bool detaches = false;
  const NodeSpec* spec = nullptr;  ///< of the node's type
};

/// Starts it, unless the operation runs already, and waits until GCS says that the node is alive,
/// or, for a plain process, until it has run for two looks. kStartFailed with its last lines if it
/// ends first (with `detaches`: not with 0); one that took as long as Ray's own start-up timeout is
/// started once more, after what it left running has ended: Ray refuses to start beside it.
/// kJoinTimeout with its last lines after the options' join timeout: it is then left running, and
/// the next start ends it.
Result<> start_and_join(Run& run, const Join& join);

}  // namespace rayctl
