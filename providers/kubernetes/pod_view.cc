#include "providers/kubernetes/pod_view.h"

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "model/tags.h"
#include "providers/kubernetes/find_in.h"
#include "providers/kubernetes/pod_tags.h"

namespace rayctl::kubernetes {
namespace {

/// One line of an answer's text.
std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return trim(text);
}

std::string with_reason(const std::string& reason, const std::string& message) {
  if (reason.empty() || message.empty()) return one_line(reason + message);
  return one_line(reason + ": " + message);
}

const Json* condition(const Json& pod, const char* type) {
  for (const Json& each : list_at(pod, {"status", "conditions"})) {
    if (text_at(each, {"type"}) == type) return &each;
  }
  return nullptr;
}

const Json* status_of(const Json& pod, const std::string& container) {
  for (const Json& each : list_at(pod, {"status", "containerStatuses"})) {
    if (text_at(each, {"name"}) == container) return &each;
  }
  return nullptr;
}

std::string how_it_ended(const Json& terminated) {
  std::string reason = text_at(terminated, {"reason"});
  const std::string code = "exit code " + std::to_string(number_at(terminated, {"exitCode"}));
  if (reason.empty() || reason == "Error" || reason == "Completed") return code;
  return reason + ", " + code;
}

std::string why_container_waits(const Json& status) {
  const std::string reason = text_at(status, {"state", "waiting", "reason"});
  if (reason.empty() || reason == "ContainerCreating" || reason == "PodInitializing") return "";
  const std::string name = "container " + text_at(status, {"name"}) + ": ";
  const Json* before = find_in(status, {"lastState", "terminated"});
  if (before != nullptr) {
    return name + "it ended " +
           plural(static_cast<std::size_t>(number_at(status, {"restartCount"})) + 1, "time") +
           ", the last time with " + how_it_ended(*before);
  }
  return name + with_reason(reason, text_at(status, {"state", "waiting", "message"}));
}

/// Its readiness is another's word as well.
bool has_gates(const Json& pod) {
  return !list_at(pod, {"spec", "readinessGates"}).empty();
}

/// What was done in a container does not outlive it.
std::string why_started_anew(const Json& status) {
  if (number_at(status, {"restartCount"}) == 0) return "";
  const Json* before = find_in(status, {"lastState", "terminated"});
  return "its container " + text_at(status, {"name"}) + " was started anew" +
         (before == nullptr ? "" : " (" + how_it_ended(*before) + ")");
}

/// When kubelet is silent, Kubernetes takes the pod's readiness and leaves all else as it was last
/// told (MarkPodsNotReady in k8s.io/kubernetes pkg/controller/util/node/controller_utils.go).
bool machine_is_away(const Json& pod) {
  const Json* ready = condition(pod, "Ready");
  const Json* containers = condition(pod, "ContainersReady");
  return ready != nullptr && containers != nullptr && text_at(*ready, {"status"}) == "False" &&
         text_at(*containers, {"status"}) == "True" && !has_gates(pod);
}

std::string silence_of(const Json& pod) {
  return "its machine " + text_at(pod, {"spec", "nodeName"}) + " is silent";
}

void read_power(const Json& pod, const std::string& container, CloudNode& node) {
  const std::string phase = text_at(pod, {"status", "phase"});
  const Json* status = status_of(pod, container);
  if (find_in(pod, {"metadata", "deletionTimestamp"}) != nullptr) {
    node.power = Power::kStopping;
    node.waits_for = what_holds(pod);
    if (node.waits_for.empty() && machine_is_away(pod)) node.waits_for = silence_of(pod);
  } else if (phase == "Succeeded" || phase == "Failed" ||
             (status != nullptr && find_in(*status, {"state", "terminated"}) != nullptr)) {
    node.power = Power::kStopped;
    node.unwanted = why_ended(pod);
  } else if (status != nullptr && find_in(*status, {"state", "running"}) != nullptr) {
    node.power = Power::kRunning;
    node.unwanted = why_started_anew(*status);
    if (machine_is_away(pod)) node.unseen = silence_of(pod);
  } else {
    node.power = Power::kPending;
    node.waits_for = why_waiting(pod);
  }
}

}  // namespace

CloudNode cloud_node_of(const Json& pod) {
  CloudNode node;
  node.id = {text_at(pod, {"metadata", "name"})};
  node.internal_ip = text_at(pod, {"status", "podIP"});
  node.tags = tags_of(pod);
  read_tags(node);
  const std::string container = ray_container(pod);
  node.tags[kContainerTag] = container;
  read_power(pod, container, node);
  return node;
}

std::string why_waiting(const Json& pod) {
  const Json* scheduled = condition(pod, "PodScheduled");
  if (scheduled != nullptr && text_at(*scheduled, {"status"}) == "False") {
    return "no node takes it: " + with_reason("", text_at(*scheduled, {"message"}));
  }
  for (const char* section : {"initContainerStatuses", "containerStatuses"}) {
    for (const Json& status : list_at(pod, {"status", section})) {
      if (std::string why = why_container_waits(status); !why.empty()) return why;
    }
  }
  return "";
}

std::string why_ended(const Json& pod) {
  const std::string words =
      with_reason(text_at(pod, {"status", "reason"}), text_at(pod, {"status", "message"}));
  if (!words.empty()) return "its pod has ended: " + words;
  const Json* disrupted = condition(pod, "DisruptionTarget");
  if (disrupted != nullptr && text_at(*disrupted, {"status"}) == "True") {
    return "its pod has ended: " +
           with_reason(text_at(*disrupted, {"reason"}), text_at(*disrupted, {"message"}));
  }
  for (const Json& status : list_at(pod, {"status", "containerStatuses"})) {
    if (const Json* ended = find_in(status, {"state", "terminated"})) {
      return "its container " + text_at(status, {"name"}) + " has ended (" + how_it_ended(*ended) +
             ")";
    }
  }
  return "its pod has ended";
}

std::string why_stuck(const Json& events) {
  std::string why;
  for (const Json& event : list_at(events, {"items"})) {
    const std::string reason = text_at(event, {"reason"});
    const bool tells = reason == "FailedMount" || reason == "FailedAttachVolume" ||
                       reason == "FailedCreatePodSandBox";
    if (tells && number_at(event, {"count"}) > 1)
      why = with_reason(reason, text_at(event, {"message"}));
  }
  return why;
}

std::string what_holds(const Json& object) {
  std::vector<std::string> names;
  for (const Json& each : list_at(object, {"metadata", "finalizers"})) {
    if (each.is_string()) names.push_back(each.get<std::string>());
  }
  if (names.empty()) return "";
  return (names.size() == 1 ? "the finalizer " : "the finalizers ") + join(names, ", ") +
         (names.size() == 1 ? " holds it" : " hold it");
}

}  // namespace rayctl::kubernetes
