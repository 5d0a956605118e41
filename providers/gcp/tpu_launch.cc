#include "providers/gcp/errors.h"
#include "providers/gcp/tpu_nodes.h"

namespace rayctl::gcp {
namespace {

constexpr char kCreate[] = "tpu.projects.locations.nodes.create";
constexpr Millis kPause{4'000};  // between looks at a node that another call makes

/// Whether a label of a node says the same as what a launch was to say.
bool same_label(const TpuNode& node, const Labels& labels, const char* tag) {
  const Tags wanted = from_labels(labels);
  const auto seen = node.node.tags.find(tag);
  const auto said = wanted.find(tag);
  return said != wanted.end() && seen != node.node.tags.end() && seen->second == said->second;
}

}  // namespace

Reply<TpuNode> TpuNodes::launch(const Json& node_config, bool head, const BodyFacts& facts,
                                Time deadline) {
  Call create = tpu_call("create", "POST", path_of(facts.zone, ""));
  create.query["nodeId"] = facts.name;
  create.body = tpu_body(node_config, head, facts);
  const Reply<TpuOperation> begun = begin_tpu_operation(api_, clock_, create, deadline);
  if (!begun) {
    if (begun.api.status == 409) return made_before(facts, begun.api, deadline);
    return {begun.value.error(), begun.api};
  }
  const Reply<TpuOperation> ended = wait_for_tpu(api_, clock_, kCreate, *begun.value, deadline);
  if (!ended) {
    // One that was half made is no machine, and is paid for.
    if (ended.value.error().fault != Fault::kUnknown)
      (void)api_.call(tpu_call("delete", "DELETE", path_of(facts.zone, facts.name)), deadline);
    return {ended.value.error(), ended.api};
  }
  return get(facts.zone, facts.name, deadline);
}

Reply<TpuNode> TpuNodes::made_before(const BodyFacts& facts, const ApiError& why, Time deadline) {
  Reply<TpuNode> node = get(facts.zone, facts.name, deadline);
  while (node && node->node.power == Power::kPending && clock_.now() + kPause < deadline) {
    clock_.sleep(kPause, {});
    node = get(facts.zone, facts.name, deadline);
  }
  if (!node && node.api.status == 404) {
    return {transient(ErrorCode::kLaunchFailed,
                      "the TPU " + facts.name + " was being made, and is gone"),
            {.status = 409, .reason = "STOCKOUT", .message = ""}};
  }
  if (!node) return node;
  const Power power = node->node.power;
  const bool ours =
      same_label(*node, facts.labels, kTagClusterName) && same_label(*node, facts.labels, kTagOp);
  if (ours && (power == Power::kPending || power == Power::kRunning)) return node;
  Error error = error_of(kCreate, why);
  error.context.push_back("the TPU " + facts.name + " is there, is " + node->state +
                          (ours ? "" : " and is of another launch"));
  return {std::move(error), why};
}

}  // namespace rayctl::gcp
