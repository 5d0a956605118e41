#include "tests/gcp_configs/fake_google.h"

#include <algorithm>

#include "providers/gcp/endpoint.h"
#include "providers/gcp/errors.h"

namespace rayctl::gcp {

Reply<Json> FakeGoogle::call(const Call& call, Time) {
  const std::lock_guard lock(mutex_);
  made_.push_back(call);
  ApiError error{404, "notFound", "The resource '" + call.path + "' was not found"};
  if (const auto found = errors.find(call.path); found != errors.end()) {
    error = found->second;
  } else if (const auto answer = answers.find(call.path); answer != answers.end()) {
    return {answer->second, {}};
  }
  return {error_of(call.id, error), error};
}

int FakeGoogle::calls(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(
      std::count_if(made_.begin(), made_.end(), [&](const Call& call) { return call.id == id; }));
}

std::vector<Call> FakeGoogle::made() const {
  const std::lock_guard lock(mutex_);
  return made_;
}

Json on_the_wire(const Call& call) {
  const Result<std::string> base = base_of(call.service, {{"CLOUDSDK_CONFIG", "/nowhere"}});
  Json wire = {{"id", call.id}, {"verb", call.verb}, {"url", *base + call.path}};
  if (!call.query.empty()) wire["query"] = call.query;
  if (!call.body.is_null()) wire["body"] = call.body;
  return wire;
}

}  // namespace rayctl::gcp
