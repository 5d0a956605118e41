#pragma once
#include <google/protobuf/map.h>

#include <string>
#include <vector>

#include "model/load.h"
#include "ray_autoscaler.pb.h"

namespace rayctl {

/// What waits for a place, as ours: equal demands are one, everything is sorted, so that the order
/// in which Ray sends it does not matter. Total: what no cluster could give (a count below 1, an
/// amount that is no number) is left out, with the whole gang of which it is a part; a strategy
/// that is not known counts as PACK.
Load to_load(const ray::rpc::autoscaler::ClusterResourceState& state);

/// What request_resources() asked for, as drivers of Ray's first autoscaler leave it in the
/// key-value store: a JSON list of bundles. Nothing where the text is anything else.
std::vector<Demand> to_asked(const std::string& json);

/// Amounts that are numbers above zero, by name; the rest is left out.
Resources to_amounts(const google::protobuf::Map<std::string, double>& amounts);

}  // namespace rayctl
