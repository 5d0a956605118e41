#include "providers/gcp/launch_calls.h"

#include <algorithm>
#include <utility>

#include "base/parallel.h"
#include "net/url_text.h"
#include "providers/gcp/errors.h"
#include "providers/gcp/instance_body.h"
#include "providers/gcp/instance_template.h"
#include "providers/gcp/instances.h"
#include "providers/gcp/labels.h"
#include "providers/gcp/operations.h"

namespace rayctl::gcp {
namespace {

/// A project may begin some 20 changes a second; more calls at once only wait longer.
constexpr std::size_t kAtOnce = 16;
/// An account that was made a moment ago is not known everywhere at once.
constexpr Millis kSpreads{30'000};
constexpr Millis kSpreadPause{2'000};

bool still_spreading(const AskedFor& what, const ApiError& api) {
  const std::string& account = what.plan.parts.service_account;
  return !account.empty() && (api.status == 400 || api.status == 404) &&
         api.message.find(account) != std::string::npos;
}

BodyFacts facts_of(const AskedFor& what, const Asked& machine) {
  return {.place = what.place,
          .zone = what.where.zone,
          .name = machine.id.text,
          .labels = to_labels(tags_of(what.request, machine.node)),
          .parts = what.plan.parts,
          .on_demand = what.where.market == kOnDemand,
          .template_properties = what.plan.template_properties};
}

Call insert_call(const AskedFor& what, const Asked& machine) {
  const Json& config = what.plan.node_config;
  Call call{.id = "compute.instances.insert",
            .verb = "POST",
            .path = "projects/" + percent_encode(what.place.project) + "/zones/" +
                    percent_encode(what.where.zone) + "/instances",
            .query = {{"requestId", request_id(machine.id.text)}},
            .body = instance_body(config, what.request.spec->head, facts_of(what, machine)),
            .repeatable = true};
  const std::string launch_template = instance_template_of(config);
  if (!launch_template.empty()) {
    call.query["sourceInstanceTemplate"] = template_path(what.place, launch_template);
  }
  return call;
}

Reply<Json> insert(const AskedFor& what, const Call& call) {
  const Time patience = std::min(what.deadline, what.clock.now() + kSpreads);
  for (;;) {
    Reply<Json> begun = what.api.call(call, what.deadline);
    const bool again = !begun && still_spreading(what, begun.api);
    if (!again || what.clock.now() + kSpreadPause > patience) return begun;
    what.clock.sleep(kSpreadPause, {});
  }
}

/// What has that name already: the machine that was asked for before, or another's.
void find_made(const AskedFor& what, Asked& machine) {
  const Reply<std::optional<GceInstance>> there =
      instance(what.api, what.place, what.where.zone, machine.id.text, what.deadline);
  if (!there) {
    machine.error = there.value.error();
    machine.api = there.api;
  } else if (*there && (*there)->node.token == what.request.token) {
    machine.made = true;
    machine.error.reset();
  }
}

void begin(const AskedFor& what, Asked& machine, std::optional<Operation>& operation) {
  const Reply<Json> begun = insert(what, insert_call(what, machine));
  if (begun) {
    operation = parse_operation(*begun);
    return;
  }
  machine.error = begun.value.error();
  machine.api = begun.api;
  const ErrorClass kind = meaning_of(begun.api.reason, begun.api.status).kind;
  if (kind == ErrorClass::kAlreadyExists) find_made(what, machine);
}

void end(const AskedFor& what, Asked& machine, const Operation& operation) {
  const Reply<Operation> ended =
      end_of(what.api, what.clock, what.place.project, operation, what.deadline);
  if (!ended) {
    machine.error = in_context(ended.value.error(), "launching " + machine.id.text);
    machine.api = ended.api;
    return;
  }
  machine.made = !ended->failed();
  if (machine.made) return;
  machine.api = ended->error;
  machine.error = error_of("compute.instances.insert", machine.api);
  const ErrorClass kind = meaning_of(machine.api.reason, machine.api.status).kind;
  // Asked for again it would only say the same: what came of it the machine itself shows.
  if (kind == ErrorClass::kServerFault) find_made(what, machine);
  machine.ended = machine.api == ended->error;
}

void launch_tpu(const AskedFor& what, Asked& machine) {
  const Reply<TpuNode> made = what.tpus.launch(what.plan.node_config, what.request.spec->head,
                                               facts_of(what, machine), what.deadline);
  machine.made = made.value.ok();
  if (machine.made) return;
  machine.error = made.value.error();
  machine.api = made.api;
}

}  // namespace

bool Asked::open() const {
  if (made || ended || !error) return false;
  if (api.reason.empty() && api.status == 0) return true;
  const ErrorClass kind = meaning_of(api.reason, api.status).kind;
  return error->fault == Fault::kUnknown || kind == ErrorClass::kRateLimited ||
         kind == ErrorClass::kServerFault || kind == ErrorClass::kNotReady;
}

void ask_for(const AskedFor& what, std::vector<Asked>& machines) {
  if (is_tpu(what.plan.node_config)) {
    for_each_index(machines.size(), kAtOnce,
                   [&](std::size_t at) { launch_tpu(what, machines[at]); });
    return;
  }
  std::vector<std::optional<Operation>> operations(machines.size());
  for_each_index(machines.size(), kAtOnce,
                 [&](std::size_t at) { begin(what, machines[at], operations[at]); });
  for_each_index(machines.size(), kAtOnce, [&](std::size_t at) {
    if (operations[at]) end(what, machines[at], *operations[at]);
  });
}

Tags tags_of(const LaunchRequest& request, const NodeName& node) {
  Tags tags = request.tags;
  if (!request.named_tags) return tags;
  for (const auto& [key, value] : request.named_tags(node))
    tags[key] = value;
  return tags;
}

}  // namespace rayctl::gcp
