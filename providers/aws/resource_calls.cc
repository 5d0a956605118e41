#include "providers/aws/resource_calls.h"

#include <utility>

#include "base/backoff.h"
#include "base/text.h"

namespace rayctl::aws {
namespace {

constexpr BackoffPolicy kConsistency{.first = Millis{250}, .most = Millis{4'000}};

pugi::xml_node below(const Answer& answer, const char* path) {
  pugi::xml_node node = answer->document_element();
  for (const std::string& name : split(path, '/'))
    node = node.child(name.c_str());
  return node;
}

/// Puts the mark of the next page into the parameters; false if there is none.
bool next_page(const Answer& answer, const char* path, Params& params) {
  if (const std::string token = text_of(answer->document_element(), "nextToken"); !token.empty()) {
    params["NextToken"] = token;
    return true;
  }
  const pugi::xml_node result = below(answer, path).parent();
  if (text_of(result, "IsTruncated") != "true") return false;
  params["Marker"] = text_of(result, "Marker");
  return !params["Marker"].empty();
}

}  // namespace

Params filtered(const std::vector<DescribeFilter>& filters) {
  Params params;
  for (std::size_t at = 0; at < filters.size(); ++at) {
    const std::string filter = "Filter." + std::to_string(at + 1);
    params[filter + ".Name"] = filters[at].name;
    for (std::size_t value = 0; value < filters[at].values.size(); ++value)
      params[filter + ".Value." + std::to_string(value + 1)] = filters[at].values[value];
  }
  return params;
}

Tags ownership_tags(const ResourceScope& scope) {
  return {{kTagClusterName, scope.cluster.text}, {kTagClusterId, scope.cluster_id.text}};
}

void tag_what_is_made(Params& params, const std::string& type, const Tags& tags) {
  params["TagSpecification.1.ResourceType"] = type;
  int at = 0;
  for (const auto& [key, value] : tags) {
    const std::string tag = "TagSpecification.1.Tag." + std::to_string(++at);
    params[tag + ".Key"] = key;
    params[tag + ".Value"] = value;
  }
}

Tags tags_in(const pugi::xml_node& list) {
  Tags tags;
  for (const pugi::xml_node& item : list.children()) {
    const bool iam = item.child("Key");
    tags[text_of(item, iam ? "Key" : "key")] = text_of(item, iam ? "Value" : "value");
  }
  return tags;
}

std::optional<ClusterId> cluster_in(const Tags& tags) {
  const auto found = tags.find(kTagClusterId);
  if (found == tags.end() || found->second.empty()) return std::nullopt;
  return ClusterId{found->second};
}

std::string text_of(const pugi::xml_node& node, const char* child) {
  return node.child(child).text().get();
}

Reply<Answer> call(const ResourceJob& job, const std::string& service, const std::string& action,
                   Params params) {
  return job.api.query(service, action, std::move(params), job.deadline);
}

Reply<std::monostate> for_each_item(const ResourceJob& job, const std::string& service,
                                    const std::string& action, Params params, const char* path,
                                    const std::function<void(const pugi::xml_node& item)>& each) {
  do {
    const Reply<Answer> page = call(job, service, action, params);
    if (!page) return {page.value.error(), page.api};
    for (const pugi::xml_node& item : below(*page, path).children())
      each(item);
    if (!next_page(*page, path, params)) return {std::monostate{}, {}};
  } while (true);
}

Result<bool> used_by_others(const ResourceJob& job, const std::string& filter,
                            const std::string& value) {
  bool used = false;
  const auto looked = for_each_item(
      job, "ec2", "DescribeInstances",
      filtered({{filter, {value}},
                {"instance-state-name", {"pending", "running", "stopping", "stopped"}}}),
      "reservationSet", [&](const pugi::xml_node& reservation) {
        for (const pugi::xml_node& instance : reservation.child("instancesSet").children()) {
          used = used || cluster_in(tags_in(instance.child("tagSet"))) != job.scope.cluster_id;
        }
      });
  if (!looked) return looked.value.error();
  return used;
}

bool wait_for_consistency(const ResourceJob& job, int retry) {
  const Millis delay = backoff_delay(kConsistency, retry, 1.0);
  if (job.clock.now() + delay >= job.deadline) return false;
  return job.clock.sleep(delay, {});
}

}  // namespace rayctl::aws
