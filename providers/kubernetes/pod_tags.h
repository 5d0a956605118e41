#pragma once
#include <string>

#include "model/json.h"
#include "model/tags.h"

namespace rayctl::kubernetes {

/// Where the container is named that Ray runs in, among the tags that a pod is listed with; it is
/// no tag of the pod's own.
inline constexpr char kContainerTag[] = "rayctl-container";

/// Ray's tags and ours as `metadata` of a pod: as labels under their own names, as Ray 0.8 to 1.13
/// wrote them, so that both find each other's pods. What cannot be a label's value is an annotation
/// of the same name. With `patch`, the other of the two is null: a merge patch removes it. Pure, as
/// all here.
Json tags_as_metadata(const Tags& tags, bool patch = false);

/// The tags of a pod: labels and annotations, without those of others, whose names have a prefix
/// ("kubernetes.io/...").
Tags tags_of(const Json& pod);

/// The container that Ray runs in: the one that kubectl would take too (the annotation
/// kubectl.kubernetes.io/default-container, else the first). "" for no pod.
std::string ray_container(const Json& pod);

}  // namespace rayctl::kubernetes
