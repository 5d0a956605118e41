#include "providers/gcp/resource_calls.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/backoff.h"
#include "base/digest.h"
#include "net/url_text.h"
#include "providers/gcp/instance_name.h"
#include "providers/gcp/instances.h"
#include "providers/gcp/operations.h"

namespace rayctl::gcp {
namespace {

constexpr BackoffPolicy kConsistency{.first = Millis{250}, .most = Millis{4'000}};
constexpr char kMaker[] = "rayctl ";
constexpr std::size_t kDigits = 8;

/// What comes before the first blank, which is taken away with it; nullopt if there is none.
std::optional<std::string> take_word(std::string& text) {
  const std::size_t blank = text.find(' ');
  if (blank == std::string::npos || blank == 0) return std::nullopt;
  std::string word = text.substr(0, blank);
  text.erase(0, blank + 1);
  return word;
}

}  // namespace

std::string description_of(const Ownership& ownership, std::size_t most) {
  const std::string text = kMaker + ownership.cluster_id.text + " " + ownership.region + " " +
                           ownership.cluster.text + ": " + ownership.purpose;
  return text.substr(0, most);
}

std::optional<Ownership> ownership_in(const std::string& description) {
  if (!description.starts_with(kMaker)) return std::nullopt;
  std::string rest = description.substr(std::string_view(kMaker).size());
  const std::optional<std::string> id = take_word(rest);
  const std::optional<std::string> region = id ? take_word(rest) : std::nullopt;
  const std::size_t colon = rest.find(": ");
  if (!region || colon == std::string::npos) return std::nullopt;
  return Ownership{
      .cluster_id = {*id},
      .region = *region,
      .cluster = {rest.substr(0, colon)},
      .purpose = rest.substr(colon + 2),
  };
}

Ownership ownership(const ResourceJob& job, std::string purpose) {
  return {.cluster_id = job.scope.cluster_id,
          .region = job.place.region,
          .cluster = job.scope.cluster,
          .purpose = std::move(purpose)};
}

bool is_of_cluster(const ResourceJob& job, const Ownership& ownership) {
  if (!job.scope.cluster_id.empty()) return ownership.cluster_id == job.scope.cluster_id;
  return ownership.cluster == job.scope.cluster && ownership.region == job.place.region;
}

ClusterId id_among(const ResourceJob& job, const std::vector<Ownership>& all) {
  if (!job.scope.cluster_id.empty()) return job.scope.cluster_id;
  std::set<ClusterId> ids;
  for (const Ownership& each : all) {
    if (is_of_cluster(job, each)) ids.insert(each.cluster_id);
  }
  return ids.size() == 1 ? *ids.begin() : ClusterId{};
}

std::string base_name(const ClusterName& cluster, const ClusterId& id, std::size_t longest) {
  const std::string end = id.empty() ? "" : "-" + short_digest(id.text).substr(0, kDigits);
  return ("ray-" + plain_name(cluster.text)).substr(0, longest - end.size()) + end;
}

std::string in_project(const ResourceJob& job, const std::string& rest) {
  return "projects/" + percent_encode(job.place.project) + "/" + rest;
}

Reply<std::monostate> for_each_item(const ResourceJob& job, Call call, const char* key,
                                    const std::function<void(const Json& item)>& each) {
  return for_each_item(job.api, std::move(call), key, each, job.deadline);
}

Reply<std::monostate> for_each_in_region(const ResourceJob& job, Call call, const char* key,
                                         const std::function<void(const Json& item)>& each) {
  const auto here = [&](const std::string& zone) {
    return zone.starts_with(job.place.region + "-");
  };
  return for_each_in_zones(job.api, std::move(call), key, here, each, job.deadline);
}

Reply<std::monostate> call_to_end(const ResourceJob& job, const Call& call) {
  const Reply<Operation> done =
      call_and_wait(job.api, job.clock, job.place.project, call, job.deadline);
  if (!done) return {done.value.error(), done.api};
  return {};
}

bool is_missing(const ApiError& api) {
  return api.status == 404;
}

Result<bool> used_by_others(const ResourceJob& job,
                            const std::function<bool(const GceInstance&)>& uses) {
  bool used = false;
  const auto looked = for_each_in_zones(
      job.api,
      {.id = "compute.instances.aggregatedList", .path = in_project(job, "aggregated/instances")},
      "instances", [](const std::string&) { return true; },
      [&](const Json& item) {
        const GceInstance instance = parse_instance(item);
        used = used || (uses(instance) && instance.node.cluster != job.scope.cluster_id);
      },
      job.deadline);
  if (!looked) return looked.value.error();
  return used;
}

bool wait_for_consistency(const ResourceJob& job, int retry) {
  const Millis delay = backoff_delay(kConsistency, retry, 1.0);
  if (job.clock.now() + delay >= job.deadline) return false;
  return job.clock.sleep(delay, {});
}

}  // namespace rayctl::gcp
