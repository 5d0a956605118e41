#pragma once
#include <optional>
#include <string>

#include "gcs/ray_cluster.h"
#include "model/observed.h"
#include "ray_autoscaler.pb.h"
#include "ray_gcs.pb.h"

namespace rayctl {

/// Ray's node list as ours. Total and independent of the order of the list: an amount that is no
/// number above zero is left out. A machine on which Ray was restarted has several entries: a
/// living one hides a draining one, which hides the dead. A node started without
/// RAY_CLOUD_INSTANCE_ID is keyed "ray:<node id>".
RayView to_view(const ray::rpc::autoscaler::ClusterResourceState& state);

/// The head that lives; of several, the one that started last.
std::optional<RayHeadInfo> find_head(const ray::rpc::GetAllNodeInfoReply& nodes);

/// Bytes as lower-case hex, and back; from_hex gives "" for anything that is not hex.
std::string to_hex(const std::string& bytes);
std::string from_hex(const std::string& hex);

}  // namespace rayctl
