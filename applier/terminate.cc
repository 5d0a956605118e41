#include <algorithm>
#include <optional>

#include "applier/actions.h"
#include "applier/retry.h"
#include "applier/timing.h"

namespace rayctl {
namespace {

bool ending(const std::optional<CloudNode>& machine) {
  return !machine || machine->power == Power::kStopping || machine->power == Power::kStopped ||
         machine->power == Power::kGone;
}

Result<> wait_until_gone(Run& run, const ProviderName& provider, const CloudId& id) {
  const Time deadline = run.world.clock.now() + kGoneTimeout;
  for (Millis pause{200};; pause = std::min(pause * 2, Millis{5'000})) {
    Result<std::optional<CloudNode>> machine = run.machines.look(provider, id, Millis{-1});
    if (!machine) return machine.error();
    if (ending(*machine)) return {};
    if (run.world.clock.now() >= deadline) {
      return unknown_outcome(ErrorCode::kTerminateFailed,
                             "machine " + id.text + " was told to end and still runs after " +
                                 format_age(kGoneTimeout));
    }
    if (Result<> slept = rayctl::pause(run, pause); !slept) return slept;
  }
}

}  // namespace

Result<Effect> act(Run& run, const Step& step, const TerminateNode& action, const OpToken&) {
  const ProviderName provider = provider_of(run, action.node);
  run.talk.progress(step, action.node, "terminating");
  Result<> ended = retrying(run.world, Repeat::kHarmless, [&] {
    Provider& place = run.world.provider(provider);
    const Time deadline = run.world.clock.now() + kCallTimeout;
    return action.may_return ? place.release(action.id, deadline)
                             : place.terminate(action.id, deadline);
  });
  if (!ended) return in_context(ended.error(), "terminating " + action.id.text);
  if (run.world.provider(provider).list_lags()) {
    Result<> gone = wait_until_gone(run, provider, action.id);
    if (!gone) return gone.error();
  }
  Effect effect;
  effect.records[action.node] = std::nullopt;
  return effect;
}

}  // namespace rayctl
