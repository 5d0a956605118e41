#pragma once
#include "autoscaler/decide.h"
#include "model/codec_fields.h"

// Which fields the autoscaler's records have in JSON (docs/formats/autoscaler_tick.md). Of the
// config it is what decide() reads, and no more: it stands in every journal.

namespace rayctl {

/// Version of the memory's and the ticks' JSON; rule: model/codec.h.
inline constexpr char kTickFormat[] = "1.0";

namespace codec {

RAYCTL_FIELDS(LabelRule, RAYCTL_FIELD(LabelRule, in), RAYCTL_FIELD(LabelRule, key),
              RAYCTL_FIELD(LabelRule, values));
RAYCTL_FIELDS(ResourceRequest, RAYCTL_FIELD(ResourceRequest, bundle),
              RAYCTL_FIELD(ResourceRequest, selectors));
RAYCTL_FIELDS(Demand, RAYCTL_FIELD(Demand, count), RAYCTL_FIELD(Demand, request));
RAYCTL_FIELDS(Gang, RAYCTL_FIELD(Gang, bundles), RAYCTL_FIELD(Gang, id),
              RAYCTL_FIELD(Gang, strategy));
RAYCTL_FIELDS(Load, RAYCTL_FIELD(Load, asked), RAYCTL_FIELD(Load, demands),
              RAYCTL_FIELD(Load, gangs), RAYCTL_FIELD(Load, version));

RAYCTL_FIELDS(FleetNode, RAYCTL_FIELD(FleetNode, activity), RAYCTL_FIELD(FleetNode, available),
              RAYCTL_FIELD(FleetNode, ends_at), RAYCTL_FIELD(FleetNode, failure),
              RAYCTL_FIELD(FleetNode, head), RAYCTL_FIELD(FleetNode, id),
              RAYCTL_FIELD(FleetNode, idle), Field{"idle_for_ms", &FleetNode::idle_for},
              RAYCTL_FIELD(FleetNode, labels), RAYCTL_FIELD(FleetNode, name),
              RAYCTL_FIELD(FleetNode, outdated), RAYCTL_FIELD(FleetNode, since),
              RAYCTL_FIELD(FleetNode, stage), RAYCTL_FIELD(FleetNode, total),
              RAYCTL_FIELD(FleetNode, type), RAYCTL_FIELD(FleetNode, unseen));
RAYCTL_FIELDS(Happened, RAYCTL_FIELD(Happened, at), RAYCTL_FIELD(Happened, kind),
              RAYCTL_FIELD(Happened, node), RAYCTL_FIELD(Happened, type),
              RAYCTL_FIELD(Happened, what), RAYCTL_FIELD(Happened, where));
RAYCTL_FIELDS(Fleet, RAYCTL_FIELD(Fleet, happened), RAYCTL_FIELD(Fleet, machines_seen),
              RAYCTL_FIELD(Fleet, nodes));

RAYCTL_FIELDS(NodeTypeConfig, RAYCTL_FIELD(NodeTypeConfig, idle_timeout_s),
              RAYCTL_FIELD(NodeTypeConfig, labels), RAYCTL_FIELD(NodeTypeConfig, max_workers),
              RAYCTL_FIELD(NodeTypeConfig, min_workers), RAYCTL_FIELD(NodeTypeConfig, name),
              RAYCTL_FIELD(NodeTypeConfig, priority), RAYCTL_FIELD(NodeTypeConfig, resources));
RAYCTL_FIELDS(RayctlSettings, RAYCTL_FIELD(RayctlSettings, boot_timeout_s),
              RAYCTL_FIELD(RayctlSettings, max_unavailable),
              RAYCTL_FIELD(RayctlSettings, wait_timeout_s));
RAYCTL_FIELDS(Config, RAYCTL_FIELD(Config, autoscaling_mode), RAYCTL_FIELD(Config, cluster),
              RAYCTL_FIELD(Config, head_type), RAYCTL_FIELD(Config, idle_timeout_minutes),
              RAYCTL_FIELD(Config, initial_workers), RAYCTL_FIELD(Config, max_workers),
              RAYCTL_FIELD(Config, node_types), RAYCTL_FIELD(Config, older_form),
              RAYCTL_FIELD(Config, rayctl), RAYCTL_FIELD(Config, target_utilization_fraction),
              RAYCTL_FIELD(Config, upscaling_speed));

RAYCTL_FIELDS(Trouble, RAYCTL_FIELD(Trouble, config), RAYCTL_FIELD(Trouble, first),
              RAYCTL_FIELD(Trouble, in_a_row), RAYCTL_FIELD(Trouble, kind),
              RAYCTL_FIELD(Trouble, last), RAYCTL_FIELD(Trouble, retry_at),
              RAYCTL_FIELD(Trouble, what));
RAYCTL_FIELDS(Memory, RAYCTL_FIELD(Memory, brought_up), Version{.value = kTickFormat},
              RAYCTL_FIELD(Memory, idle_since), RAYCTL_FIELD(Memory, last_tick),
              RAYCTL_FIELD(Memory, trouble));

RAYCTL_FIELDS(DecideOptions, RAYCTL_FIELD(DecideOptions, frozen),
              RAYCTL_FIELD(DecideOptions, replace_outdated),
              RAYCTL_FIELD(DecideOptions, scale_down));
RAYCTL_FIELDS(Scale, RAYCTL_FIELD(Scale, if_idle), RAYCTL_FIELD(Scale, release),
              RAYCTL_FIELD(Scale, want));
RAYCTL_FIELDS(Release, RAYCTL_FIELD(Release, because), RAYCTL_FIELD(Release, cause),
              RAYCTL_FIELD(Release, node), RAYCTL_FIELD(Release, type));
RAYCTL_FIELDS(Unmet, RAYCTL_FIELD(Unmet, because), RAYCTL_FIELD(Unmet, count),
              RAYCTL_FIELD(Unmet, gang), RAYCTL_FIELD(Unmet, impossible), RAYCTL_FIELD(Unmet, kind),
              RAYCTL_FIELD(Unmet, request));
RAYCTL_FIELDS(DecisionReason, RAYCTL_FIELD(DecisionReason, count),
              RAYCTL_FIELD(DecisionReason, node), RAYCTL_FIELD(DecisionReason, text),
              RAYCTL_FIELD(DecisionReason, type));
RAYCTL_FIELDS(Decision, RAYCTL_FIELD(Decision, hold), RAYCTL_FIELD(Decision, launch),
              RAYCTL_FIELD(Decision, memory), RAYCTL_FIELD(Decision, reasons),
              RAYCTL_FIELD(Decision, release), RAYCTL_FIELD(Decision, scale),
              RAYCTL_FIELD(Decision, unmet));

template <>
inline constexpr auto kWords<GangStrategy> =
    std::array<const char*, 4>{"pack", "spread", "strict-pack", "strict-spread"};
template <>
inline constexpr auto kWords<FleetNode::Stage> =
    std::array<const char*, 5>{"asked", "starting", "running", "leaving", "failed"};
template <>
inline constexpr auto kWords<Happened::Kind> = std::array<const char*, 5>{
    "launch-failed", "set-up-failed", "join-failed", "joined", "unreachable"};
template <>
inline constexpr auto kWords<Cause> = std::array<const char*, 7>{
    "idle", "type-max", "cluster-max", "type-removed", "outdated", "notice", "never-joined"};
template <>
inline constexpr auto kWords<Unmet::Kind> = std::array<const char*, 3>{"demand", "gang", "asked"};

}  // namespace codec
}  // namespace rayctl
