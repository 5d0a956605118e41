#include "providers/aws/tagging.h"

#include <utility>

#include "providers/aws/ec2_types.h"
#include "providers/aws/query_params.h"

namespace rayctl::aws {
namespace {

constexpr Millis kFirstWait{500};
constexpr int kTries = 5;

Params tag_params(const Tags& tags) {
  Params params;
  int number = 0;
  for (const auto& [key, value] : tags) {
    if (key == kTagNodeName) continue;
    const std::string prefix = "Tag." + std::to_string(++number);
    params[prefix + ".Key"] = key;
    params[prefix + ".Value"] = value;
  }
  return params;
}

Params key_params(const std::vector<std::string>& keys) {
  Params params;
  for (std::size_t i = 0; i < keys.size(); ++i)
    params["Tag." + std::to_string(i + 1) + ".Key"] = keys[i];
  return params;
}

// The same for the same call; a value may hold any byte, hence the lengths.
std::string batch_key(const std::string& action, const Params& params) {
  std::string key = action;
  for (const auto& [name, value] : params)
    key += '\n' + name + '=' + std::to_string(value.size()) + ':' + value;
  return key;
}

std::vector<std::string> texts(const std::vector<CloudId>& ids) {
  std::vector<std::string> all;
  for (const CloudId& id : ids)
    all.push_back(id.text);
  return all;
}

}  // namespace

Changed Tagging::call(const std::string& action, const Params& params,
                      const std::vector<std::string>& ids, Time deadline) {
  Params all = params;
  add_list(all, "ResourceId", ids);
  const Reply<Answer> answer = api_.query("ec2", action, std::move(all), deadline);
  if (!answer) return {answer.value.error(), answer.api};
  return {};
}

Changed Tagging::patient(Time deadline, const std::function<Changed()>& change) {
  Millis wait = kFirstWait;
  for (int tries = 1;; ++tries) {
    Changed end = change();
    const bool young = !end && end.api.code == "InvalidInstanceID.NotFound";
    if (!young || tries == kTries || clock_.now() + wait > deadline) return end;
    clock_.sleep(wait, {});
    wait *= 2;
  }
}

Changed Tagging::set(const CloudId& id, const Tags& tags, Time deadline) {
  const Params params = tag_params(tags);
  if (params.empty()) return {};
  Changed end = patient(deadline, [&] {
    return batches_.run(batch_key("CreateTags", params), id.text, deadline,
                        [&](const std::vector<std::string>& ids, Time until) {
                          return call("CreateTags", params, ids, until);
                        });
  });
  if (!end) end.value = in_context(end.value.error(), "tagging " + id.text);
  return end;
}

Changed Tagging::set_all(const std::vector<CloudId>& ids, const Tags& tags, Time deadline) {
  return call("CreateTags", tag_params(tags), texts(ids), deadline);
}

Changed Tagging::remove(const CloudId& id, const std::vector<std::string>& keys, Time deadline) {
  const Params params = key_params(keys);
  return batches_.run(batch_key("DeleteTags", params), id.text, deadline,
                      [&](const std::vector<std::string>& ids, Time until) {
                        return call("DeleteTags", params, ids, until);
                      });
}

Changed Tagging::remove_all(const std::vector<CloudId>& ids, const std::vector<std::string>& keys,
                            Time deadline) {
  return call("DeleteTags", key_params(keys), texts(ids), deadline);
}

}  // namespace rayctl::aws
