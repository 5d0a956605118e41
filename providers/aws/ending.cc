#include "providers/aws/ending.h"

#include "providers/aws/query_params.h"

namespace rayctl::aws {
namespace {

bool never_was(const Changed& end) {
  return !end && (end.api.code == "InvalidInstanceID.NotFound" ||
                  end.api.code == "InvalidInstanceID.Malformed");
}

// EC2's words for a machine that is a one-time spot one or has no disk of its own.
bool cannot_stop(const Changed& end) {
  return !end &&
         (end.api.code == "UnsupportedOperation" || end.api.code == "UnsupportedInstanceOperation");
}

// Of a machine that is terminated already.
bool is_over(const Changed& end) {
  return !end && end.api.code == "IncorrectInstanceState";
}

}  // namespace

Changed Ending::call(const std::string& action, const CloudId& id, Time deadline) {
  return batches_.run(
      action, id.text, deadline, [&](const std::vector<std::string>& ids, Time until) -> Changed {
        Params params;
        add_list(params, "InstanceId", ids);
        const Reply<Answer> answer = api_.query("ec2", action, std::move(params), until);
        if (!answer) return {answer.value.error(), answer.api};
        return {};
      });
}

Result<> Ending::terminate(const CloudId& id, Time deadline) {
  const Changed end =
      tagging_.patient(deadline, [&] { return call("TerminateInstances", id, deadline); });
  if (end || never_was(end)) return {};
  return in_context(end.value.error(), "terminating " + id.text);
}

Result<> Ending::release(const CloudId& id, Time deadline) {
  if (!settings_.cache_stopped) return terminate(id, deadline);
  const Changed marked = tagging_.set(id, {{kTagCached, "1"}}, deadline);
  if (never_was(marked)) return {};
  if (!marked) return marked.value.error();
  const Changed unnamed = tagging_.remove(id, {kTagNode}, deadline);
  if (!unnamed) return unnamed.value.error();
  const Changed stopped = call("StopInstances", id, deadline);
  if (stopped || never_was(stopped)) return {};
  if (cannot_stop(stopped) || is_over(stopped)) return terminate(id, deadline);
  return in_context(stopped.value.error(), "stopping " + id.text);
}

}  // namespace rayctl::aws
