#include "applier/run.h"

#include <algorithm>
#include <utility>

#include "applier/retry.h"
#include "applier/timing.h"
#include "model/record_rules.h"

namespace rayctl {
namespace {

bool plan_terminates(const Plan& plan, const NodeName& node) {
  return std::any_of(plan.steps.begin(), plan.steps.end(), [&](const Step& step) {
    const auto* end = std::get_if<TerminateNode>(&step.action);
    return end != nullptr && end->node == node;
  });
}

Result<> set_tags(Run& run, const ProviderName& provider, const CloudId& id, const Tags& tags) {
  return retrying(run.world, Repeat::kHarmless, [&] {
    return run.world.provider(provider).set_tags(id, tags, run.world.clock.now() + kCallTimeout);
  });
}

Tags tags_of(const NodeRecord& record) {
  Tags tags = record_tags(record);
  // Until Ray ran once, the status says what the node is doing.
  if (record.phase == Phase::kLaunched) tags.erase(kTagNodeStatus);
  return tags;
}

}  // namespace

Result<const NodeSpec*> spec_of(const Run& run, const NodeTypeName& type) {
  const auto found = run.plan.specs.find(type);
  if (found != run.plan.specs.end()) return &found->second;
  return permanent(ErrorCode::kPlanStale, "the plan says nothing of node type " + type.text);
}

Result<NodeName> head_name(const Run& run) {
  for (const auto& [name, record] :
       run.journal.records([](const NodeRecord& each) { return each.head; })) {
    if (!plan_terminates(run.plan, name)) return name;
  }
  return permanent(ErrorCode::kRayUnreachable, "the cluster has no head");
}

Result<> pause(Run& run, Millis duration) {
  if (run.world.clock.sleep(duration, run.options.leave)) return {};
  return left_for_later();
}

Result<CloudNode> head_of(Run& run) {
  const Result<NodeName> name = head_name(run);
  if (!name) return name.error();
  const std::optional<NodeRecord> record = run.journal.record(*name);
  if (!record) return permanent(ErrorCode::kRayUnreachable, "the cluster has no head");
  return run.machines.running(record->provider, record->id, kCallTimeout);
}

ProviderName provider_of(const Run& run, const NodeName& node) {
  if (const std::optional<NodeRecord> record = run.journal.record(node)) return record->provider;
  if (!run.plan.specs.empty()) return run.plan.specs.begin()->second.provider;
  const auto records = run.journal.records([](const NodeRecord&) { return true; });
  return records.empty() ? ProviderName{} : records.begin()->second.provider;
}

Result<> tag_status(Run& run, const NodeAtWork& node, const char* status) {
  Result<> tagged = set_tags(run, node.record.provider, node.record.id, {{kTagNodeStatus, status}});
  if (!tagged) return in_context(tagged.error(), "tagging " + node.name.text);
  return {};
}

Result<Effect> settled(Run& run, const NodeAtWork& node, NodeRecord record) {
  make_ready_again(record);
  Result<> tagged = set_tags(run, record.provider, record.id, tags_of(record));
  if (!tagged) return begun(in_context(tagged.error(), "tagging " + node.name.text));
  Effect effect;
  effect.records[node.name] = std::move(record);
  return effect;
}

Error begun(Error error) {
  if (error.fault == Fault::kTransient) error.fault = Fault::kUnknown;
  return error;
}

Effect failed_node(Run& run, const NodeName& node, const Action& action, const Error& error) {
  Effect effect;
  std::optional<NodeRecord> record = run.journal.record(node);
  if (!record) return effect;
  record->phase = Phase::kFailed;
  record->failure = error.message;
  if (const auto changed = changed_digest(action)) record->applied.*changed = {};
  if (!set_tags(run, record->provider, record->id, tags_of(*record))) {
    // The record says it; the tag is for those who look at a console.
  }
  effect.records[node] = *std::move(record);
  return effect;
}

}  // namespace rayctl
