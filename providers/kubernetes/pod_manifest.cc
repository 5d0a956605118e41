#include "providers/kubernetes/pod_manifest.h"

#include <utility>

#include "providers/kubernetes/find_in.h"
#include "providers/kubernetes/pod_name.h"
#include "providers/kubernetes/pod_tags.h"

namespace rayctl::kubernetes {
namespace {

// A node's name is its type's and a number.
constexpr std::size_t kLongestType = 56;

std::string prefix_of(const Json& pod, const LaunchRequest& request) {
  std::string prefix = text_at(pod, {"metadata", "generateName"});
  return prefix.empty() ? request.cluster.text : prefix;
}

/// Collects what is wrong with one node type.
class TypeLook {
 public:
  TypeLook(const Config& config, const NodeTypeConfig& type, std::vector<Diagnostic>& found)
      : config_(config), type_(type), found_(found) {}

  void look(const std::string& space) {
    names();
    if (!type_.node_config.is_object() || type_.node_config.empty()) {
      return say("", "has no pod", "write a pod (apiVersion, kind, metadata, spec) as node_config");
    }
    for (const char* section : {"service", "ingress"}) {
      if (type_.node_config.contains(section)) {
        say(section, "makes a " + std::string(section) + " for every pod, which is not supported",
            "select the pods by their labels in provider.services");
      }
    }
    const Json& pod = pod_of(type_.node_config);
    const std::string kind = text_at(pod, {"kind"});
    if (!kind.empty() && kind != "Pod") say("kind", "is a " + kind, "nodes are pods: kind: Pod");
    if (!text_at(pod, {"metadata", "name"}).empty()) {
      say("metadata.name", "gives all pods one name",
          "use metadata.generateName: each pod's name begins with it");
    }
    const std::string elsewhere = text_at(pod, {"metadata", "namespace"});
    if (!elsewhere.empty() && elsewhere != space) {
      say("metadata.namespace", "is " + elsewhere + ", and provider.namespace is " + space,
          "leave it out: pods are made in provider.namespace");
    }
    if (list_at(pod, {"spec", "containers"}).empty()) {
      say("spec.containers", "is missing", "the first container runs Ray");
    }
  }

 private:
  void names() {
    const std::string& name = type_.name.text;
    if (name.size() > kLongestType || !is_label_value(name)) {
      say("", "has a name that cannot be a label's value",
          "at most 56 letters, digits, '-', '_' and '.', with a letter or digit at both ends");
    }
  }

  void say(const std::string& key, const std::string& what, const std::string& remedy) {
    std::string path = "available_node_types." + type_.name.text;
    const std::string config = path + ".node_config";
    std::optional<Source> where = type_.where;
    for (const std::string& each : {path, config, key.empty() ? config : config + "." + key}) {
      if (const auto found = config_.where.find(each); found != config_.where.end())
        where = found->second;
    }
    found_.push_back(
        {.summary = "node type `" + type_.name.text + "`: " + (key.empty() ? "" : key + " ") + what,
         .remedy = remedy,
         .where = where});
  }

  const Config& config_;
  const NodeTypeConfig& type_;
  std::vector<Diagnostic>& found_;
};

}  // namespace

const Json& pod_of(const Json& node_config) {
  const Json* pod = find_in(node_config, {"pod"});
  return pod != nullptr && pod->is_object() ? *pod : node_config;
}

Json pod_manifest(const LaunchRequest& request, const NodeName& node, const std::string& space) {
  Json pod = pod_of(request.spec->launch);
  const auto cluster = request.tags.find(kTagClusterId);
  const std::string name =
      pod_name(prefix_of(pod, request), node, cluster == request.tags.end() ? "" : cluster->second,
               request.token);
  pod["apiVersion"] = "v1";
  pod["kind"] = "Pod";
  Json& metadata = pod["metadata"];
  if (!metadata.is_object()) metadata = Json::object();
  metadata.erase("generateName");
  metadata["name"] = name;
  metadata["namespace"] = space;
  Tags tags = request.tags;
  if (request.named_tags) {
    for (auto& [key, value] : request.named_tags(node))
      tags[key] = value;
  }
  metadata.merge_patch(tags_as_metadata(tags));
  return pod;
}

std::vector<Diagnostic> pod_mistakes(const Config& config, const std::string& space) {
  std::vector<Diagnostic> found;
  const auto at = [&](const char* key) {
    const auto place = config.where.find(key);
    return place == config.where.end() ? std::optional<Source>() : place->second;
  };
  if (!is_object_name(space, true)) {
    found.push_back({.summary = "provider.namespace `" + space + "` cannot be a namespace",
                     .remedy = "at most 63 small letters, digits and '-'",
                     .where = at("provider.namespace")});
  }
  for (const NodeTypeConfig& type : config.node_types)
    TypeLook(config, type, found).look(space);
  return found;
}

}  // namespace rayctl::kubernetes
