#pragma once
#include "model/autoscaler_report.h"
#include "ray_autoscaler.pb.h"

namespace rayctl {

/// The report as GCS takes it. Machines that are asked for become one entry each, since Ray counts
/// entries and ignores their `count`; at most 10,000 of a kind, more than anybody reads. Impossible
/// requests are written as Ray sent them, so that it knows them again. Total.
ray::rpc::autoscaler::AutoscalingState to_message(const AutoscalerReport& report);

/// A request, and a placement group that waits, as GCS writes them.
ray::rpc::autoscaler::ResourceRequest to_message(const ResourceRequest& request);
ray::rpc::autoscaler::GangResourceRequest to_message(const Gang& gang);
ray::rpc::autoscaler::ResourceRequestByCount to_message(const Demand& demand);

}  // namespace rayctl
