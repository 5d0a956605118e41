#include <algorithm>

#include "applier/actions.h"
#include "applier/retry.h"
#include "applier/timing.h"

namespace rayctl {
namespace {

/// A group or a role is in use for a while after the machines that used it have ended.
constexpr BackoffPolicy kWhileInUse{.first = Millis{500}, .most = Millis{10'000}, .attempts = 20};

ResourceScope scope_of(const Run& run) {
  return {.cluster = run.plan.cluster,
          .cluster_id = run.cluster_id,
          .known = run.journal.resources(),
          .thorough = true};
}

/// What the plan says of a resource that one of its steps names.
Result<const ResourceSpec*> resource_spec(const Run& run, const ResourceName& name) {
  const auto found = run.plan.resources.find(name);
  if (found != run.plan.resources.end()) return &found->second;
  return permanent(ErrorCode::kPlanUnreadable, "the plan does not say what " + name.text + " is");
}

}  // namespace

Result<Effect> act(Run& run, const Step& step, const MakeResource& action, const OpToken&) {
  Result<const ResourceSpec*> spec = resource_spec(run, action.resource);
  if (!spec) return spec.error();
  const ProviderName& provider = (*spec)->provider;
  run.talk.progress(step, {action.resource.text}, "making");
  Result<SeenResource> made = retrying(run.world, Repeat::kHarmless, [&] {
    return run.world.provider(provider).make_resource(
        scope_of(run), **spec, run.world.clock.now() + run.options.launch_timeout);
  });
  if (!made) return in_context(made.error(), "making " + action.resource.text);
  Effect effect;
  effect.resources[action.resource] = ResourceRecord{.provider = provider,
                                                     .title = made->title,
                                                     .id = made->id,
                                                     .ours = made->cluster == run.cluster_id,
                                                     .needs = (*spec)->needs};
  return effect;
}

Result<Effect> act(Run& run, const Step& step, const RemoveResource& action, const OpToken&) {
  Result<const ResourceSpec*> spec = resource_spec(run, action.resource);
  if (!spec) return spec.error();
  const ResourceScope scope = scope_of(run);
  const auto record = scope.known.find(action.resource);
  Effect effect;
  effect.resources[action.resource] = std::nullopt;
  // One without a record was made by a run that was killed: it carries our id, or it stays.
  if (record != scope.known.end() && !record->second.ours) return effect;
  run.talk.progress(step, {action.resource.text}, "removing");
  Result<> removed = retrying(
      run.world, Repeat::kHarmless,
      [&] {
        return run.world.provider((*spec)->provider)
            .remove_resource(scope, action.resource, run.world.clock.now() + kCallTimeout);
      },
      kWhileInUse);
  if (!removed) return in_context(removed.error(), "removing " + action.resource.text);
  return effect;
}

}  // namespace rayctl
