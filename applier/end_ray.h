#pragma once
#include <optional>

#include "applier/run.h"

namespace rayctl {

/// Whether Ray is started on such nodes by shell lines of the config, which end while Ray lives on.
bool starts_by_commands(const NodeSpec& spec);

/// Ends what `started` (the operation that last started Ray; nullopt: it was not us) left running
/// on the node. Where Ray starts by commands it is asked first, with `ray stop` in the node's own
/// shell. `spec` is null if the plan says nothing of the node's type. Succeeds when nothing runs.
Result<> end_ray(Run& run, const NodeAtWork& node, const NodeSpec* spec,
                 const std::optional<OpToken>& started);

}  // namespace rayctl
