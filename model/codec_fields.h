#pragma once
#include <array>
#include <string_view>
#include <tuple>

#include "model/codec.h"

// The one place that says which fields a record has in JSON: reading, writing and their order all
// follow from it. Included by codec_writer.h and codec_reader.h only; formats of other rooms add
// their own tables beside (autoscaler/codec_fields.h).

namespace rayctl::codec {

template <class T, class M>
struct Field {
  std::string_view key;
  M T::*member;
  bool added = false;  ///< by a minor version: what was written before lacks it
};
template <class T, class M>
Field(const char*, M T::*) -> Field<T, M>;
template <class T, class M>
Field(const char*, M T::*, bool) -> Field<T, M>;

/// Stands where "format_version" goes. Read by the caller, before anything else.
struct Version {
  std::string_view key = "format_version";
  std::string_view value;
};

/// The fields of T in the order of their keys.
template <class T>
inline constexpr auto kFields = nullptr;

template <class T>
concept Record = !std::is_same_v<decltype(kFields<T>), const std::nullptr_t>;

template <class T, class... Fs>
consteval bool in_order(const std::tuple<Fs...>& fields) {
  return std::apply(
      [](const auto&... field) {
        std::string_view last;
        bool ordered = true;
        ((ordered = ordered && last < field.key, last = field.key), ...);
        return ordered;
      },
      fields);
}

#define RAYCTL_FIELDS(T, ...)                                 \
  template <>                                                 \
  inline constexpr auto kFields<T> = std::tuple{__VA_ARGS__}; \
  static_assert(in_order<T>(kFields<T>), "keys of " #T " are not in order")
#define RAYCTL_FIELD(T, name) \
  Field {                     \
    #name, &T::name           \
  }

#define RAYCTL_ADDED(T, name) \
  Field {                     \
    #name, &T::name, true     \
  }

RAYCTL_FIELDS(SpecDigests, RAYCTL_FIELD(SpecDigests, docker), RAYCTL_FIELD(SpecDigests, files),
              RAYCTL_FIELD(SpecDigests, launch), RAYCTL_FIELD(SpecDigests, setup),
              RAYCTL_FIELD(SpecDigests, start), RAYCTL_FIELD(SpecDigests, synced));

RAYCTL_FIELDS(FileMount, RAYCTL_FIELD(FileMount, local), RAYCTL_FIELD(FileMount, manifest),
              RAYCTL_FIELD(FileMount, remote));

RAYCTL_FIELDS(RayStart, RAYCTL_FIELD(RayStart, args), RAYCTL_FIELD(RayStart, command),
              RAYCTL_FIELD(RayStart, commands), RAYCTL_FIELD(RayStart, labels),
              RAYCTL_ADDED(RayStart, monitor_replaced), RAYCTL_FIELD(RayStart, ray),
              RAYCTL_FIELD(RayStart, resources));

RAYCTL_FIELDS(NodeSpec, RAYCTL_FIELD(NodeSpec, digests), RAYCTL_FIELD(NodeSpec, docker),
              RAYCTL_FIELD(NodeSpec, file_mounts), RAYCTL_FIELD(NodeSpec, head),
              RAYCTL_FIELD(NodeSpec, initialization_commands), RAYCTL_FIELD(NodeSpec, launch),
              RAYCTL_FIELD(NodeSpec, provider), RAYCTL_FIELD(NodeSpec, setup_commands),
              RAYCTL_FIELD(NodeSpec, start), RAYCTL_FIELD(NodeSpec, synced_files),
              RAYCTL_FIELD(NodeSpec, type));

// Actions: "verb" is written after these and tells them apart.
RAYCTL_FIELDS(CreateNodes, RAYCTL_FIELD(CreateNodes, nodes), RAYCTL_FIELD(CreateNodes, type));
RAYCTL_FIELDS(PrepareContainer, RAYCTL_FIELD(PrepareContainer, docker),
              RAYCTL_FIELD(PrepareContainer, node));
RAYCTL_FIELDS(SyncFiles, RAYCTL_FIELD(SyncFiles, files), RAYCTL_FIELD(SyncFiles, node));
RAYCTL_FIELDS(SyncFromHead, RAYCTL_FIELD(SyncFromHead, node), RAYCTL_FIELD(SyncFromHead, synced));
RAYCTL_FIELDS(SetUpNode, RAYCTL_FIELD(SetUpNode, node), RAYCTL_FIELD(SetUpNode, setup));
RAYCTL_FIELDS(StartRay, RAYCTL_FIELD(StartRay, node), RAYCTL_FIELD(StartRay, start));
RAYCTL_FIELDS(StopRay, RAYCTL_FIELD(StopRay, node));
RAYCTL_FIELDS(DrainNode, RAYCTL_FIELD(DrainNode, id), RAYCTL_ADDED(DrainNode, if_idle),
              RAYCTL_FIELD(DrainNode, node), Field{"patience_ms", &DrainNode::patience});
RAYCTL_FIELDS(TerminateNode, RAYCTL_FIELD(TerminateNode, id),
              RAYCTL_ADDED(TerminateNode, may_return), RAYCTL_FIELD(TerminateNode, node));
RAYCTL_FIELDS(AdoptNode, RAYCTL_FIELD(AdoptNode, id), RAYCTL_FIELD(AdoptNode, node),
              RAYCTL_FIELD(AdoptNode, type));
RAYCTL_FIELDS(ForgetNode, RAYCTL_FIELD(ForgetNode, node));
RAYCTL_FIELDS(CloseOp, RAYCTL_FIELD(CloseOp, token));
RAYCTL_FIELDS(ConfigureAutoscaler, RAYCTL_FIELD(ConfigureAutoscaler, autoscaler),
              RAYCTL_ADDED(ConfigureAutoscaler, program));
RAYCTL_FIELDS(MakeResource, RAYCTL_FIELD(MakeResource, resource),
              RAYCTL_FIELD(MakeResource, title));
RAYCTL_FIELDS(RemoveResource, RAYCTL_FIELD(RemoveResource, resource),
              RAYCTL_FIELD(RemoveResource, title));

RAYCTL_FIELDS(NodeRecord, RAYCTL_FIELD(NodeRecord, applied), RAYCTL_FIELD(NodeRecord, failure),
              RAYCTL_FIELD(NodeRecord, head), RAYCTL_FIELD(NodeRecord, id),
              RAYCTL_FIELD(NodeRecord, ip), RAYCTL_FIELD(NodeRecord, launched_at),
              RAYCTL_FIELD(NodeRecord, made_by), RAYCTL_FIELD(NodeRecord, phase),
              RAYCTL_FIELD(NodeRecord, provider), RAYCTL_FIELD(NodeRecord, running),
              RAYCTL_FIELD(NodeRecord, type));

RAYCTL_FIELDS(ResourceSpec, RAYCTL_FIELD(ResourceSpec, name), RAYCTL_FIELD(ResourceSpec, needs),
              RAYCTL_FIELD(ResourceSpec, provider), RAYCTL_FIELD(ResourceSpec, title),
              RAYCTL_FIELD(ResourceSpec, want));

RAYCTL_FIELDS(ResourceRecord, RAYCTL_FIELD(ResourceRecord, id), RAYCTL_FIELD(ResourceRecord, needs),
              RAYCTL_FIELD(ResourceRecord, ours), RAYCTL_FIELD(ResourceRecord, provider),
              RAYCTL_FIELD(ResourceRecord, title));

RAYCTL_FIELDS(LaunchAttempt, RAYCTL_FIELD(LaunchAttempt, made), RAYCTL_FIELD(LaunchAttempt, what));

RAYCTL_FIELDS(OpenOp, RAYCTL_FIELD(OpenOp, action), RAYCTL_ADDED(OpenOp, attempts),
              RAYCTL_FIELD(OpenOp, begun_at), RAYCTL_FIELD(OpenOp, token));

RAYCTL_FIELDS(Overrides, RAYCTL_FIELD(Overrides, max_workers),
              RAYCTL_FIELD(Overrides, min_workers));

RAYCTL_FIELDS(Snapshot, RAYCTL_FIELD(Snapshot, autoscaler), RAYCTL_FIELD(Snapshot, breakdown),
              RAYCTL_FIELD(Snapshot, cluster), RAYCTL_FIELD(Snapshot, cluster_id),
              RAYCTL_FIELD(Snapshot, config), RAYCTL_FIELD(Snapshot, epoch),
              Version{.value = kStateFormat}, RAYCTL_FIELD(Snapshot, highest),
              RAYCTL_FIELD(Snapshot, imported), RAYCTL_FIELD(Snapshot, lineage),
              RAYCTL_FIELD(Snapshot, nodes), RAYCTL_FIELD(Snapshot, open),
              RAYCTL_FIELD(Snapshot, overrides), RAYCTL_ADDED(Snapshot, pins),
              RAYCTL_ADDED(Snapshot, resources), RAYCTL_FIELD(Snapshot, serial));

RAYCTL_FIELDS(Precondition, RAYCTL_FIELD(Precondition, id),
              RAYCTL_FIELD(Precondition, last_applied), RAYCTL_FIELD(Precondition, power));

RAYCTL_FIELDS(FileDelta, RAYCTL_FIELD(FileDelta, added), RAYCTL_FIELD(FileDelta, bytes),
              RAYCTL_FIELD(FileDelta, changed), RAYCTL_FIELD(FileDelta, removed));

RAYCTL_FIELDS(MountChange, RAYCTL_FIELD(MountChange, delta), RAYCTL_FIELD(MountChange, mount));

RAYCTL_FIELDS(Step, RAYCTL_FIELD(Step, action), RAYCTL_FIELD(Step, after),
              RAYCTL_FIELD(Step, because), RAYCTL_FIELD(Step, disturbs), RAYCTL_FIELD(Step, fields),
              RAYCTL_FIELD(Step, id), RAYCTL_FIELD(Step, pre), RAYCTL_FIELD(Step, reason),
              RAYCTL_FIELD(Step, resume), RAYCTL_ADDED(Step, sends));

RAYCTL_FIELDS(LeftOut, RAYCTL_FIELD(LeftOut, because), RAYCTL_FIELD(LeftOut, node),
              RAYCTL_FIELD(LeftOut, what));

RAYCTL_FIELDS(Source, RAYCTL_FIELD(Source, column), RAYCTL_FIELD(Source, file),
              RAYCTL_FIELD(Source, length), RAYCTL_FIELD(Source, line));

RAYCTL_FIELDS(Diagnostic, RAYCTL_FIELD(Diagnostic, code), RAYCTL_FIELD(Diagnostic, remedy),
              RAYCTL_FIELD(Diagnostic, severity), RAYCTL_FIELD(Diagnostic, summary),
              RAYCTL_FIELD(Diagnostic, where));

RAYCTL_FIELDS(Plan, RAYCTL_FIELD(Plan, autoscaler), RAYCTL_FIELD(Plan, blind_spots),
              RAYCTL_FIELD(Plan, blocked), RAYCTL_FIELD(Plan, breakdown),
              RAYCTL_FIELD(Plan, cluster), RAYCTL_FIELD(Plan, cluster_id),
              RAYCTL_FIELD(Plan, config), RAYCTL_FIELD(Plan, destroy), RAYCTL_FIELD(Plan, epoch),
              Version{.value = kPlanFormat}, RAYCTL_FIELD(Plan, head_type),
              RAYCTL_ADDED(Plan, images), RAYCTL_FIELD(Plan, left_out), RAYCTL_FIELD(Plan, lineage),
              RAYCTL_FIELD(Plan, made_at), RAYCTL_FIELD(Plan, nodes_unchanged),
              RAYCTL_ADDED(Plan, notes), RAYCTL_FIELD(Plan, overrides),
              RAYCTL_ADDED(Plan, resources), RAYCTL_FIELD(Plan, specs), RAYCTL_FIELD(Plan, steps));

RAYCTL_FIELDS(CloudNode, RAYCTL_ADDED(CloudNode, cached), RAYCTL_FIELD(CloudNode, cluster),
              RAYCTL_FIELD(CloudNode, external_ip), RAYCTL_FIELD(CloudNode, head),
              RAYCTL_FIELD(CloudNode, id), RAYCTL_FIELD(CloudNode, internal_ip),
              RAYCTL_FIELD(CloudNode, name), RAYCTL_FIELD(CloudNode, power),
              RAYCTL_FIELD(CloudNode, tags), RAYCTL_FIELD(CloudNode, token),
              RAYCTL_FIELD(CloudNode, type), RAYCTL_ADDED(CloudNode, unseen),
              RAYCTL_ADDED(CloudNode, unwanted));

/// The words of an enumeration, in the order of its values.
template <class E>
inline constexpr auto kWords = nullptr;
template <>
inline constexpr auto kWords<Phase> =
    std::array<const char*, 4>{"launched", "ready", "failed", "draining"};
template <>
inline constexpr auto kWords<Power> =
    std::array<const char*, 5>{"pending", "running", "stopping", "stopped", "gone"};
template <>
inline constexpr auto kWords<Severity> = std::array<const char*, 2>{"error", "warning"};
template <>
inline constexpr auto kWords<Reason> = std::array<const char*, 12>{
    "missing", "out-of-date", "not-wanted", "released",      "vanished", "found-unrecorded",
    "resume",  "retry",       "ray-down",   "head-restarts", "asked",    "destroy"};

template <class E>
concept Words = std::is_enum_v<E> && !std::is_same_v<decltype(kWords<E>), const std::nullptr_t>;

/// "RAYCTL-0101".
std::string code_text(ErrorCode code);

}  // namespace rayctl::codec
