#include "providers/aws/iam_calls.h"

namespace rayctl::aws {

bool is_missing(const ApiError& api) {
  return api.code == "NoSuchEntity";
}

void add_iam_tags(Params& params, const ResourceScope& scope, const std::string& region) {
  Tags tags = ownership_tags(scope);
  tags[kTagRegion] = region;
  int at = 0;
  for (const auto& [key, value] : tags) {
    const std::string tag = "Tags.member." + std::to_string(++at);
    params[tag + ".Key"] = key;
    params[tag + ".Value"] = value;
  }
}

Result<> call_until_known(const ResourceJob& job, const std::string& action, const Params& params) {
  for (int retry = 0;; ++retry) {
    const Reply<Answer> done = call(job, "iam", action, params);
    if (done) return {};
    if (!is_missing(done.api) || !wait_for_consistency(job, retry))
      return in_context(done.value.error(), "iam:" + action);
  }
}

Result<> call_if_there(const ResourceJob& job, const std::string& action, const Params& params) {
  const Reply<Answer> done = call(job, "iam", action, params);
  if (done || is_missing(done.api)) return {};
  return in_context(done.value.error(), "iam:" + action);
}

Result<> look_until(const ResourceJob& job, const std::string& what,
                    const std::function<Result<bool>()>& done) {
  for (int retry = 0;; ++retry) {
    const Result<bool> now = done();
    if (!now) return now.error();
    if (*now) return {};
    if (!wait_for_consistency(job, retry)) {
      return transient(ErrorCode::kProviderUnavailable,
                       what + " was made and is not shown by IAM yet");
    }
  }
}

}  // namespace rayctl::aws
