#include "config/checks.h"

#include <algorithm>

#include "base/text.h"
#include "config/check_keys.h"
#include "config/defaults.h"

namespace rayctl {
namespace {

std::string ticked(const std::string& word) {
  return "`" + word + "`";
}

/// A whole number that is there and well-formed.
std::optional<int> count(const Yaml& map, const std::string& key) {
  const Yaml* value = map.find(key);
  if (!value || value->kind != Yaml::Kind::kScalar || !value->scalar.is_number())
    return std::nullopt;
  double number = value->scalar.get<double>();
  if (!(number >= 0 && number <= 1e9)) return std::nullopt;
  return static_cast<int>(number);
}

bool word_of(const std::string& text, bool lower_only) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    bool lower = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    bool other = (c >= 'A' && c <= 'Z') || c == '_' || c == '.';
    return lower || (other && !lower_only);
  });
}

bool letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

void check_cluster_name(const Yaml& root, const std::string& provider, Findings& findings) {
  const Yaml* name = root.find("cluster_name");
  if (!name || !name->is_string()) return;
  const auto& text = name->scalar.get_ref<const std::string&>();
  bool strict =
      provider == "gcp" || provider == "kubernetes" || provider == "kuberay" || provider == "azure";
  if (text.empty()) {
    findings.error(name->where, "`cluster_name` is empty", "give the cluster a name");
  } else if (text.size() > 63) {
    findings.error(name->where, "`cluster_name` is longer than 63 characters", "shorten it");
  } else if (strict &&
             (!word_of(text, true) || !letter_or_digit(text.front()) || text.back() == '-')) {
    findings.error(name->where,
                   "`cluster_name` has a character that " + provider + " does not allow in names",
                   "use lower-case letters, digits and `-` between them");
  } else if (!word_of(text, false) || !letter_or_digit(text.front())) {
    findings.error(name->where, "`cluster_name` has a character that names may not have",
                   "use letters, digits, `-`, `_` and `.`, beginning with a letter or digit");
  }
}

void check_head(const Yaml& root, const Yaml& types, Findings& findings) {
  const Yaml* head = root.find("head_node_type");
  std::vector<std::string> names;
  for (const Yaml::Entry& each : types.entries)
    names.push_back(each.key);
  if (!head) {
    const Yaml::Entry* entry = root.entry("available_node_types");
    findings.error(entry->where, "`head_node_type` is missing",
                   "name the head's type: " + join(names, " or "));
    return;
  }
  if (!head->is_string()) return;
  const auto& name = head->scalar.get_ref<const std::string&>();
  const Yaml* type = types.find(name);
  if (!type) {
    std::string near = nearest(name, names);
    findings.error(
        head->where, "`head_node_type` is " + ticked(name) + ", but there is no such node type",
        near.empty() ? "it may be " + join(names, " or ") : "did you mean " + ticked(near) + "?");
    return;
  }
  for (const char* key : {"min_workers", "max_workers"}) {
    if (count(*type, key).value_or(0) > 0) {
      findings.warning(type->find(key)->where,
                       ticked(key) + " of the head's type " + ticked(name) + " has no effect",
                       "there is one head; give workers a node type of their own");
    }
  }
}

void check_type_counts(const Yaml& root, const Yaml& types, Findings& findings) {
  const Yaml* head = root.find("head_node_type");
  long long least = 0;
  for (const Yaml::Entry& each : types.entries) {
    if (!word_of(each.key, false) || each.key.empty() || !letter_or_digit(each.key.front()) ||
        each.key.size() > 63) {
      findings.error(
          each.where, "the node type " + ticked(each.key) + " has a name that nodes cannot have",
          "use letters, digits, `-`, `_` and `.`, at most 63, beginning with a letter or digit");
    }
    std::optional<int> min = count(each.value, "min_workers");
    std::optional<int> max = count(each.value, "max_workers");
    if (min && max && *min > *max) {
      const Yaml::Entry* place = each.value.entry("min_workers");
      findings.error(place->value.where,
                     "min_workers (" + std::to_string(*min) + ") is above max_workers (" +
                         std::to_string(*max) + ") of node type " + ticked(each.key),
                     "raise max_workers or lower min_workers");
    }
    if (!head || head->scalar != each.key) least += min.value_or(0);
  }
  std::optional<int> most = count(root, "max_workers");
  if (most && least > *most) {
    findings.warning(root.find("max_workers")->where,
                     "max_workers (" + std::to_string(*most) +
                         ") is below the sum of all min_workers (" + std::to_string(least) + ")",
                     "the last types in the file get fewer than their min_workers");
  }
}

void check_docker(const Yaml& root, Findings& findings) {
  const Yaml* docker = root.find("docker");
  if (!docker || !docker->is_map()) return;
  auto given = [&](const char* key) {
    const Yaml* value = docker->find(key);
    return value && value->is_string() && !value->scalar.get_ref<const std::string&>().empty();
  };
  bool image = given("image") || (given("head_image") && given("worker_image"));
  if (image == given("container_name")) return;
  if (image) {
    findings.error(docker->where, "`docker` has an image but no `container_name`",
                   "add container_name: ray_container");
  } else {
    findings.error(docker->find("container_name")->where,
                   "`docker` has a `container_name` but no image",
                   "add `image`, or both `head_image` and `worker_image`");
  }
}

void check_older_keys(const Yaml& root, Findings& findings) {
  if (!root.find("available_node_types")) return;
  for (const char* key : {"head_node", "worker_nodes"}) {
    const Yaml::Entry* each = root.entry(key);
    if (each && each->value.is_map() && !each->value.entries.empty()) {
      findings.error(
          each->where,
          ticked(key) +
              " belongs to the older form, beside `available_node_types` it has no meaning",
          "move it into the node_config of a node type");
    }
  }
  for (const char* key : {"min_workers", "initial_workers", "autoscaling_mode"}) {
    if (const Yaml::Entry* each = root.entry(key)) {
      findings.warning(
          each->where, ticked(key) + " has no effect beside `available_node_types`",
          key == std::string("min_workers") ? "set min_workers of a node type" : "remove it");
    }
  }
}

}  // namespace

std::string check_provider_type(const Yaml& root, Findings& findings) {
  const Yaml* provider = root.find("provider");
  if (!provider || !provider->is_map()) return {};
  const Yaml* type = provider->find("type");
  std::vector<std::string> known;
  for (const ProviderKeys& each : provider_keys())
    known.push_back(each.type);
  if (!type) {
    findings.error(provider->where, "`type` is missing in `provider`",
                   "write one of: " + join(known, ", "));
    return {};
  }
  if (!type->is_string()) {
    findings.error(type->where,
                   "`type` of `provider` is " + kind_in_words(*type) + ", but must be text",
                   "write one of: " + join(known, ", "));
    return {};
  }
  auto name = type->scalar.get<std::string>();
  if (find_provider(name)) return name;
  std::string near = nearest(name, known);
  findings.error(
      type->where, "unknown provider " + ticked(name),
      near.empty() ? "write one of: " + join(known, ", ") : "did you mean " + ticked(near) + "?");
  return {};
}

void check_shape(const Yaml& root, const std::string& provider, Findings& findings) {
  check_record(root, *top_record(), "", findings);
  check_older_keys(root, findings);
  const ProviderKeys* keys = find_provider(provider);
  if (keys) {
    Yaml section = *root.find("provider");
    section.erase("type");
    if (const Yaml* ours = section.find("rayctl")) {
      Key key{.name = "rayctl", .type = KeyType::kRecord, .record = rayctl_record};
      check_key(*ours, key, "`rayctl` of provider", findings);
      if (const Yaml::Entry* top = root.entry("rayctl")) {
        findings.error(top->where, "`rayctl` stands here and in `provider` too",
                       "keep one of them");
      }
      section.erase("rayctl");
    }
    check_record(section, *keys->provider(), "provider (" + provider + ")", findings);
  }
  for (const char* key : {"head_node", "worker_nodes"}) {
    const Yaml* node = root.find(key);
    if (!keys || !node || !node->is_map()) continue;
    Yaml config = *node;
    const Yaml* resources = config.find("resources");
    if (resources != nullptr && resources->is_map()) {
      check_key(*resources, *node_type_record()->find("resources"), "`resources` of " + ticked(key),
                findings);
    }
    config.erase("resources");
    check_record(config, *keys->node_config(), ticked(key) + " (" + provider + ")", findings);
  }
  const Yaml* types = root.find("available_node_types");
  if (!types || !types->is_map()) return;
  if (types->entries.empty() && provider != "local") {
    findings.error(types->where, "`available_node_types` is empty",
                   "describe at least the head's type");
  }
  for (const Yaml::Entry& each : types->entries) {
    std::string in = "node type " + ticked(each.key);
    Key key{.name = each.key, .type = KeyType::kRecord, .record = node_type_record};
    check_key(each.value, key, in, findings);
    const Yaml* config = each.value.find("node_config");
    if (!keys || !config || !config->is_map()) continue;
    check_record(*config, *keys->node_config(),
                 "node_config of " + ticked(each.key) + " (" + provider + ")", findings);
  }
}

void check_meaning(const Yaml& root, const std::string& provider, Findings& findings) {
  check_cluster_name(root, provider, findings);
  check_docker(root, findings);
  const Yaml* types = root.find("available_node_types");
  if (!types) {
    if (provider.empty()) return;
    findings.error(root.where, "`available_node_types` is missing",
                   "describe the kinds of node, the head's among them");
    return;
  }
  if (!types->is_map()) return;
  check_type_counts(root, *types, findings);
  if (!types->entries.empty()) check_head(root, *types, findings);
}

}  // namespace rayctl
