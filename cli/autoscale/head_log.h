#pragma once
#include <functional>
#include <vector>

#include "applier/world.h"
#include "cli/autoscale/voice.h"

namespace rayctl {

/// Adds lines to the head's session folder, where Ray's log monitor and its dashboard look for them
/// (the event file) and where `ray monitor` does (logs/monitor.log). The folder of a node on this
/// machine is written like that of any other, through its runner.
Result<> write_head_log(World& world, const ProviderName& provider, const CloudNode& head,
                        const RayHeadInfo& info, const std::vector<Saying>& lines);

}  // namespace rayctl
