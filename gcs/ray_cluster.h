#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "model/autoscaler_report.h"
#include "model/load.h"
#include "model/observed.h"

namespace rayctl {

/// Why a node is drained, in Ray's terms (autoscaler.proto, DrainNodeReason).
enum class DrainReason { kIdleTermination = 1, kPreemption = 2 };

struct DrainAnswer {
  bool accepted = false;
  std::string rejection;  ///< Ray's words when it refused
};

/// Ray's nodes and what waits for a place, of one moment.
struct RayState {
  RayView view;
  Load load;
  std::string session_name;
  bool operator==(const RayState&) const = default;
};

/// Where Ray keeps its files on the head.
struct RayHeadInfo {
  std::string node_id;  ///< hex
  std::string ip;
  std::string temp_dir, session_dir;
  bool operator==(const RayHeadInfo&) const = default;
};

/// The control service of one Ray cluster. An endpoint that does not answer is kTransient
/// (kRayUnreachable); a wrong token is kPermanent (kRayRefused). Thread-safe.
class RayCluster {
 public:
  virtual ~RayCluster() = default;
  virtual Result<RayView> view(Time deadline) = 0;
  /// Politely: Ray may refuse an idle termination of a node that is busy again.
  virtual Result<DrainAnswer> drain(const std::string& node_id, DrainReason reason,
                                    const std::string& message, Time finish_by, Time deadline) = 0;
  /// The version of Ray, "2.60.0".
  virtual Result<std::string> version(Time deadline) = 0;

  /// Nodes and load in one read. What request_resources() asked for is found where either kind of
  /// driver leaves it (the call, or the key that drivers of the first autoscaler write).
  virtual Result<RayState> state(Time deadline) = 0;
  /// The version of the report that GCS has; 0: none yet. A lower one would be dropped in silence.
  virtual Result<std::int64_t> reported_version(Time deadline) = 0;
  /// Hands over what Ray shows of its autoscaler.
  virtual Result<> report(const AutoscalerReport& report, Time deadline) = 0;
  /// Ray's internal key-value store; nullopt: no such key in that namespace ("" is one).
  virtual Result<std::optional<std::string>> get_key(const std::string& space,
                                                     const std::string& key, Time deadline) = 0;
  /// Writes a key, over what was there.
  virtual Result<> put_key(const std::string& space, const std::string& key,
                           const std::string& value, Time deadline) = 0;
  /// kTransient (kRayUnreachable) while no living head is registered.
  virtual Result<RayHeadInfo> head_info(Time deadline) = 0;
};

/// Connects lazily: only the calls fail. `token` is "" when authentication is off.
std::unique_ptr<RayCluster> connect_ray(const std::string& endpoint, const std::string& token);

}  // namespace rayctl
