#include <optional>
#include <utility>

#include "applier/actions.h"
#include "applier/node_number.h"
#include "applier/retry.h"
#include "applier/timing.h"

namespace rayctl {

Result<Effect> act(Run& run, const Step&, const AdoptNode& action, const OpToken&) {
  const auto spec = run.plan.specs.find(action.type);
  const ProviderName provider =
      spec == run.plan.specs.end() ? provider_of(run, action.node) : spec->second.provider;
  Result<std::optional<CloudNode>> machine = run.machines.look(provider, action.id, kListAge);
  if (!machine) return machine.error();
  if (!*machine) {
    return conflict(ErrorCode::kPreconditionFailed, "machine " + action.id.text + " is not listed");
  }
  const bool head = (*machine)->head || action.type == run.plan.head_type;
  Result<> named = retrying(run.world, Repeat::kHarmless, [&] {
    return run.world.provider(provider).set_tags(action.id,
                                                 naming_tags(run.plan.cluster, action.node, head),
                                                 run.world.clock.now() + kCallTimeout);
  });
  if (!named) return in_context(named.error(), "naming " + action.id.text);
  NodeRecord record = record_from_tags(**machine, provider);
  record.type = action.type;
  record.head = head;
  record.launched_at = run.world.clock.now();
  Effect effect;
  effect.highest[action.type] = node_number(action.node);
  effect.records[action.node] = std::move(record);
  return effect;
}

Result<Effect> act(Run&, const Step&, const ForgetNode& action, const OpToken&) {
  Effect effect;
  effect.records[action.node] = std::nullopt;
  return effect;
}

Result<Effect> act(Run&, const Step&, const CloseOp&, const OpToken&) {
  return Effect{};
}

Result<Effect> act(Run& run, const Step&, const ConfigureAutoscaler& action, const OpToken&) {
  ClusterChange change{.autoscaler = action.autoscaler};
  if (run.world.configure_autoscaler && !action.program.empty()) {
    Result<AutoscalerInForce> handed = run.world.configure_autoscaler(action);
    if (!handed) return in_context(handed.error(), "starting the autoscaler");
    change.autoscaler = handed->digest;
    change.breakdown[handed->digest] = std::move(handed->fields);
  }
  Result<> written = run.journal.change(change);
  if (!written) return written.error();
  return Effect{};
}

}  // namespace rayctl
