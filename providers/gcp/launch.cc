#include "providers/gcp/launch.h"

#include <algorithm>
#include <set>

#include "base/parallel.h"
#include "base/text.h"
#include "providers/gcp/errors.h"
#include "providers/gcp/instance_name.h"
#include "providers/gcp/instances.h"
#include "providers/gcp/node_config.h"

namespace rayctl::gcp {
namespace {

// How often it is looked for machines that are there for certain, and how long apart.
constexpr int kLooks = 5;
constexpr Millis kLookPause{1'000};
constexpr std::size_t kStartsAtOnce = 16;

bool usable(const CloudNode& node) {
  return node.power == Power::kRunning || node.power == Power::kPending;
}

/// The service's own words where there are any: the attempt says what was done.
std::string words(const Asked& machine) {
  if (machine.api.reason.empty()) return machine.error ? machine.error->message : "";
  return machine.api.reason + (machine.api.message.empty() ? "" : ": " + machine.api.message);
}

}  // namespace

Launch::Launch(Launching& with, const LaunchRequest& request, const LaunchPlan& plan, Time deadline)
    : with_(with),
      request_(request),
      plan_(plan),
      deadline_(deadline),
      attempts_(request.attempts) {}

Result<std::vector<CloudNode>> Launch::run() {
  Result<Next> next = resume();
  if (next && *next == Next::kGoOn) next = start_stopped();
  if (next && *next == Next::kGoOn) next = try_alternatives();
  if (!next) return open_ended(next.error());
  Result<> looked = look_at_made();
  if (!looked) return open_ended(looked.error());
  return finish();
}

// What was begun and not seen to end is done again as it was.
Result<Launch::Next> Launch::resume() {
  for (std::size_t at = 0; at < attempts_.size(); ++at) {
    if (attempts_[at].made) continue;
    Result<Next> next = repeat(at);
    if (!next || *next == Next::kStop) return next;
  }
  return Next::kGoOn;
}

Result<Launch::Next> Launch::repeat(std::size_t at) {
  const std::optional<ReadAttempt> before = read_attempt(attempts_[at].what);
  if (before && before->launch) return call(at, *before->launch, before->count);
  if (before) return start(at, before->start);
  troubles_.push_back(attempts_[at].what + ": cannot be repeated");
  if (Result<> ended = end(at, {}); !ended) return ended.error();
  return Next::kGoOn;
}

Result<Launch::Next> Launch::start_stopped() {
  const bool keeps = with_.settings_.cache_stopped && !is_tpu(plan_.node_config);
  if (!keeps || !attempts_.empty()) return Next::kGoOn;
  Result<std::vector<CloudId>> ids = with_.cache_.take(request_, deadline_);
  if (!ids) return ids.error();
  if (ids->empty()) return Next::kGoOn;
  Result<> begun = begin(start_attempt_text(*ids));
  Result<Next> next = begun ? start(attempts_.size() - 1, *ids) : Result<Next>(begun.error());
  with_.cache_.give_back(*ids);
  return next;
}

Result<Launch::Next> Launch::start(std::size_t at, const std::vector<CloudId>& ids) {
  const std::vector<NodeName> nodes = waiting(at);
  std::vector<Asked> machines;
  for (std::size_t i = 0; i < std::min(ids.size(), nodes.size()); ++i)
    machines.push_back({.id = ids[i], .node = nodes[i]});
  for_each_index(machines.size(), kStartsAtOnce, [&](std::size_t i) {
    Asked& machine = machines[i];
    const Reply<std::monostate> started =
        with_.cache_.start(machine.id, tags_of(request_, machine.node), deadline_);
    machine.made = started.value.ok();
    if (machine.made) return;
    machine.error = started.value.error();
    machine.api = started.api;
    if (!machine.open()) with_.cache_.mark(machine.id, deadline_);
  });
  const Alternative stopped{.zone = "stopped machines", .type = "", .market = kOnDemand};
  Result<Next> next = take_ends(at, stopped, machines);
  stopped_by_.reset();
  return next ? Result<Next>(Next::kGoOn) : next;
}

Result<Launch::Next> Launch::try_alternatives() {
  const bool spot = is_spot(plan_.node_config) || is_spot(plan_.template_properties);
  const std::vector<Alternative> all =
      with_.memory_.sorted(alternatives(machine_type_of(plan_.node_config), spot,
                                        with_.index_.place().zones, with_.settings_.spot_fallback),
                           with_.clock_.now());
  for (const Alternative& alternative : all) {
    const std::size_t missing = waiting(attempts_.size()).size();
    if (missing == 0) return Next::kStop;
    if (tried(alternative)) continue;
    if (with_.clock_.now() >= deadline_) {
      troubles_.push_back(describe(alternative) + ": not tried, the time for the launch is over");
      continue;
    }
    const int count = static_cast<int>(missing);
    Result<> begun = begin(launch_attempt_text(alternative, count));
    if (!begun) return begun.error();
    Result<Next> next = call(attempts_.size() - 1, alternative, count);
    if (!next || *next == Next::kStop) return next;
  }
  return Next::kStop;
}

Result<Launch::Next> Launch::call(std::size_t at, const Alternative& alternative, int count) {
  std::vector<Asked> machines = asked(at, static_cast<std::size_t>(count));
  ask_for({.api = with_.api_,
           .clock = with_.clock_,
           .tpus = with_.tpus_,
           .place = with_.index_.place(),
           .request = request_,
           .plan = plan_,
           .where = alternative,
           .deadline = deadline_},
          machines);
  return take_ends(at, alternative, machines);
}

Result<Launch::Next> Launch::take_ends(std::size_t at, const Alternative& alternative,
                                       const std::vector<Asked>& machines) {
  std::vector<CloudId> made;
  std::map<std::string, int> told;
  bool go_on = true;
  for (const Asked& machine : machines) {
    if (machine.open()) return *machine.error;
    if (machine.made) {
      made.push_back(machine.id);
      continue;
    }
    const ErrorClass kind = meaning_of(machine.api.reason, machine.api.status).kind;
    if (kind == ErrorClass::kNoCapacity) with_.memory_.lacked(alternative, with_.clock_.now());
    const bool elsewhere = another_may_work(kind) || kind == ErrorClass::kServerFault;
    ++told[elsewhere || !machine.error ? words(machine) : machine.error->message];
    if (elsewhere) continue;
    go_on = false;
    if (!stopped_by_) stopped_by_ = machine.error;
  }
  trouble(describe(alternative), told);
  Result<> ended = end(at, std::move(made));
  if (!ended) return ended.error();
  return go_on ? Next::kGoOn : Next::kStop;
}

void Launch::trouble(const std::string& where, const std::map<std::string, int>& told) {
  for (const auto& [what, count] : told) {
    const std::string often = count > 1 ? " (" + std::to_string(count) + " times)" : "";
    troubles_.push_back(where + ": " + what + often);
  }
}

Result<> Launch::begin(const std::string& what) {
  attempts_.push_back({what, std::nullopt});
  Result<> written = journal();
  if (!written) attempts_.pop_back();
  return written;
}

Result<> Launch::end(std::size_t at, std::vector<CloudId> made) {
  attempts_[at].made = std::move(made);
  return journal();
}

Result<> Launch::journal() {
  return request_.journal ? request_.journal(attempts_) : Result<>{};
}

std::vector<CloudId> Launch::unseen() const {
  std::vector<CloudId> ids;
  for (const LaunchAttempt& attempt : attempts_) {
    for (const CloudId& id : attempt.made.value_or(std::vector<CloudId>{})) {
      // One that was just started may still be shown as stopped.
      const auto seen = seen_.find(id);
      if (seen == seen_.end() || seen->second.power == Power::kStopped) ids.push_back(id);
    }
  }
  return ids;
}

Result<std::vector<CloudNode>> Launch::list() {
  std::vector<CloudNode> nodes;
  if (is_tpu(plan_.node_config)) {
    const Reply<std::vector<TpuNode>> tpus = with_.tpus_.list(request_.cluster, deadline_);
    if (!tpus) return tpus.value.error();
    for (const TpuNode& tpu : *tpus)
      nodes.push_back(tpu.node);
    return nodes;
  }
  const Reply<std::vector<GceInstance>> found =
      instances_of(with_.api_, with_.index_.place(), request_.cluster, deadline_);
  if (!found) return found.value.error();
  with_.index_.keep(*found);
  for (const GceInstance& instance : *found)
    nodes.push_back(instance.node);
  return nodes;
}

// What the attempts made, with the addresses that it has now.
Result<> Launch::look_at_made() {
  for (int look = 1; look <= kLooks && !unseen().empty(); ++look) {
    if (look > 1) with_.clock_.sleep(kLookPause, {});
    const Result<std::vector<CloudNode>> found = list();
    if (!found) return in_context(found.error(), "looking at what was launched");
    const std::vector<CloudId> ids = unseen();
    const std::set<CloudId> made(ids.begin(), ids.end());
    for (const CloudNode& node : *found) {
      if (made.contains(node.id)) seen_.insert_or_assign(node.id, node);
    }
  }
  return {};
}

// A part of what was asked for may be there: who asked must look, not give up.
Error Launch::open_ended(Error error) const {
  const bool some = std::any_of(attempts_.begin(), attempts_.end(), [](const LaunchAttempt& one) {
    return !one.made || !one.made->empty();
  });
  if (some && error.fault == Fault::kTransient) error.fault = Fault::kUnknown;
  return error;
}

Result<std::vector<CloudNode>> Launch::finish() {
  std::vector<CloudNode> made;
  for (const auto& [id, node] : seen_) {
    if (usable(node)) made.push_back(node);
  }
  const std::string why = troubles_.empty() ? "what was launched is gone" : join(troubles_, "; ");
  if (made.size() < request_.nodes.size() && request_.why_fewer != nullptr) {
    *request_.why_fewer = why;
  }
  if (!made.empty() || request_.nodes.empty()) return made;
  if (stopped_by_ && stopped_by_->code == ErrorCode::kCredentials) return *stopped_by_;
  return permanent(ErrorCode::kLaunchFailed, why);
}

bool Launch::tried(const Alternative& alternative) const {
  return std::any_of(attempts_.begin(), attempts_.end(), [&](const LaunchAttempt& attempt) {
    const std::optional<ReadAttempt> read = read_attempt(attempt.what);
    return read && read->launch == alternative;
  });
}

std::vector<NodeName> Launch::waiting(std::size_t at) const {
  std::vector<NodeName> left = request_.nodes;
  for (std::size_t before = 0; before < std::min(at, attempts_.size()); ++before) {
    const LaunchAttempt& attempt = attempts_[before];
    const std::vector<CloudId> ids = attempt.made.value_or(std::vector<CloudId>{});
    const std::set<CloudId> made(ids.begin(), ids.end());
    const std::optional<ReadAttempt> read = read_attempt(attempt.what);
    std::set<NodeName> served;
    for (std::size_t i = 0; i < left.size(); ++i) {
      CloudId id;
      if (read && read->launch) {
        id = {instance_name(request_.cluster, request_.spec->head, is_tpu(plan_.node_config),
                            request_.token, attempt.what, left[i])};
      } else if (read && i < read->start.size()) {
        id = read->start[i];
      }
      if (made.contains(id)) served.insert(left[i]);
    }
    std::erase_if(left, [&](const NodeName& node) { return served.contains(node); });
  }
  return left;
}

std::vector<Asked> Launch::asked(std::size_t at, std::size_t count) const {
  std::vector<Asked> machines;
  for (const NodeName& node : waiting(at)) {
    if (machines.size() == count) break;
    machines.push_back(
        {.id = {instance_name(request_.cluster, request_.spec->head, is_tpu(plan_.node_config),
                              request_.token, attempts_[at].what, node)},
         .node = node});
  }
  return machines;
}

}  // namespace rayctl::gcp
