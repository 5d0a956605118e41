#include "providers/aws/launch.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "providers/aws/errors.h"
#include "providers/aws/instances.h"
#include "providers/aws/launch_call.h"
#include "providers/aws/launch_template.h"
#include "providers/aws/user_data.h"

namespace rayctl::aws {
namespace {

// A profile or a group that was made a moment ago is not known everywhere at once.
constexpr Millis kSpreads{30'000};
constexpr Millis kSpreadPause{2'000};
// How often it is looked for machines that are there for certain, and how long apart.
constexpr int kLooks = 5;
constexpr Millis kLookPause{1'000};

bool still_spreading(const ApiError& api) {
  const bool profile = api.code == "InvalidParameterValue" &&
                       api.message.find("iamInstanceProfile") != std::string::npos;
  return profile || api.code == "InvalidGroup.NotFound";
}

bool usable(const CloudNode& node) {
  return node.power == Power::kRunning || node.power == Power::kPending;
}

std::string words(const ApiError& api) {
  return api.message.empty() ? api.code : api.code + ": " + api.message;
}

}  // namespace

Launch::Launch(Launching& with, const LaunchRequest& request, const Json& node_config,
               Time deadline)
    : with_(with),
      request_(request),
      node_config_(node_config),
      deadline_(deadline),
      attempts_(request.attempts) {}

Result<std::vector<CloudNode>> Launch::run() {
  if (Result<> ready = accept_worker_key(); !ready) return open_ended(ready.error());
  Result<Next> next = resume();
  if (next && *next == Next::kGoOn) next = start_stopped();
  if (next && *next == Next::kGoOn) next = try_alternatives();
  if (!next) return open_ended(next.error());
  Result<> looked = look_at_made();
  if (!looked) return open_ended(looked.error());
  return finish();
}

Result<> Launch::accept_worker_key() {
  const std::string line = with_.worker_key_ ? with_.worker_key_() : "";
  if (line.empty()) return {};
  const Json given = node_config_.value("UserData", Json());
  if (!given.is_null() && !given.is_string()) return {};
  std::string data = given.is_string() ? given.get<std::string>() : "";
  const Json launch_template = node_config_.value("LaunchTemplate", Json());
  // UserData of a call takes the place of the template's.
  if (!given.is_string() && launch_template.is_object()) {
    Result<std::string> of_template = user_data_of_template(with_.api_, launch_template, deadline_);
    if (!of_template) return of_template.error();
    data = *std::move(of_template);
  }
  Result<std::string> merged = with_ssh_key(data, line);
  if (!merged) return merged.error();
  node_config_["UserData"] = *std::move(merged);
  return {};
}

// What was begun and not seen to end is done again as it was.
Result<Launch::Next> Launch::resume() {
  for (LaunchAttempt& attempt : attempts_) {
    if (attempt.made) continue;
    Result<Next> next = repeat(attempt);
    if (!next || *next == Next::kStop) return next;
  }
  return Next::kGoOn;
}

Result<Launch::Next> Launch::repeat(LaunchAttempt& attempt) {
  const std::optional<ReadAttempt> before = read_attempt(attempt.what);
  if (!before) return made_before(attempt, attempt.what, {0, "", "cannot be repeated"});
  if (before->launch) return call(attempt, *before->launch, before->count);
  return start(attempt, before->start);
}

Result<Launch::Next> Launch::start_stopped() {
  if (!with_.settings_.cache_stopped || !attempts_.empty()) return Next::kGoOn;
  Result<std::vector<CloudId>> ids = with_.cache_.take(request_, deadline_);
  if (!ids) return ids.error();
  if (ids->empty()) return Next::kGoOn;
  Result<> begun = begin(start_attempt_text(*ids));
  Result<Next> next = begun ? start(attempts_.back(), *ids) : Result<Next>(begun.error());
  with_.cache_.give_back(*ids);
  return next;
}

Result<Launch::Next> Launch::start(LaunchAttempt& attempt, const std::vector<CloudId>& ids) {
  Changed started = with_.cache_.start(request_, ids, deadline_);
  if (!started) {
    const ErrorClass kind = meaning_of(started.api.code, started.api.status).kind;
    const bool open = started.api.code.empty() || kind == ErrorClass::kThrottled ||
                      kind == ErrorClass::kServerFault;
    if (open) return started.value.error();
    troubles_.push_back("stopped machines: " + words(started.api));
    // Best effort: one that stays unmarked is seen as what it is, a stopped machine of the cluster.
    (void)with_.cache_.mark(ids, deadline_);
  }
  Result<> ended = end(attempt, started ? ids : std::vector<CloudId>{});
  if (!ended) return ended.error();
  return Next::kGoOn;
}

Result<Launch::Next> Launch::try_alternatives() {
  if (missing() == 0) return Next::kStop;
  Result<std::vector<Place>> places =
      with_.subnets_.places(node_config_, with_.settings_, deadline_);
  if (!places) return places.error();
  const std::vector<Alternative> all = with_.memory_.sorted(
      alternatives(node_config_, *places, with_.settings_.spot_fallback), with_.clock_.now());
  for (const Alternative& alternative : all) {
    if (missing() == 0) return Next::kStop;
    if (tried(alternative)) continue;
    if (with_.clock_.now() >= deadline_) {
      troubles_.push_back(describe(alternative) + ": not tried, the time for the launch is over");
      continue;
    }
    const int count = missing();
    Result<> begun = begin(launch_attempt_text(alternative, count));
    if (!begun) return begun.error();
    Result<Next> next = call(attempts_.back(), alternative, count);
    if (!next || *next == Next::kStop) return next;
  }
  return Next::kStop;
}

Result<Launch::Next> Launch::call(LaunchAttempt& attempt, const Alternative& alternative,
                                  int count) {
  const Reply<Answer> reply =
      run_instances(launch_params(node_config_, alternative, count, request_.tags, request_.token));
  if (!reply) return failed(attempt, alternative, reply);
  const std::vector<Ec2Instance> made = parse_instances((*reply)->document_element());
  keep(made);
  std::vector<CloudId> ids;
  for (const Ec2Instance& instance : made)
    ids.push_back(instance.node.id);
  if (static_cast<int>(ids.size()) < count) {
    troubles_.push_back(describe(alternative) + ": " + std::to_string(ids.size()) + " of " +
                        std::to_string(count));
  }
  Result<> ended = end(attempt, std::move(ids));
  if (!ended) return ended.error();
  return Next::kGoOn;
}

Reply<Answer> Launch::run_instances(const Params& params) {
  const Time patience = std::min(deadline_, with_.clock_.now() + kSpreads);
  for (;;) {
    Reply<Answer> reply = with_.api_.query("ec2", "RunInstances", params, deadline_);
    const bool again = !reply && still_spreading(reply.api);
    if (!again || with_.clock_.now() + kSpreadPause > patience) return reply;
    with_.clock_.sleep(kSpreadPause, {});
  }
}

Result<Launch::Next> Launch::failed(LaunchAttempt& attempt, const Alternative& alternative,
                                    const Reply<Answer>& reply) {
  const Error& error = reply.value.error();
  const ApiError& api = reply.api;
  const std::string where = describe(alternative);
  if (api.code.empty()) return error;
  const ErrorClass kind = meaning_of(api.code, api.status).kind;
  if (kind == ErrorClass::kThrottled || kind == ErrorClass::kServerFault) return error;
  if (kind == ErrorClass::kTokenReused) return made_before(attempt, where, api);
  if (kind == ErrorClass::kNoCapacity) with_.memory_.lacked(alternative, with_.clock_.now());
  const bool go_on = another_may_work(kind) || api.code.starts_with("InvalidSubnet");
  troubles_.push_back(where + ": " + (go_on ? words(api) : error.message));
  Result<> ended = end(attempt, {});
  if (!ended) return ended.error();
  if (go_on) return Next::kGoOn;
  stopped_by_ = error;
  return Next::kStop;
}

// The call was made before, and cannot be made again: what it made carries the operation's token.
Result<Launch::Next> Launch::made_before(LaunchAttempt& attempt, const std::string& where,
                                         const ApiError& said) {
  std::set<CloudId> counted;
  for (const LaunchAttempt& other : attempts_) {
    if (other.made) counted.insert(other.made->begin(), other.made->end());
  }
  const bool there = said.code == "IdempotentParameterMismatch";
  std::vector<CloudId> made;
  for (int look = 1;; ++look) {
    Reply<std::vector<Ec2Instance>> all = instances_of(with_.api_, request_.cluster, deadline_);
    if (!all) return all.value.error();
    std::erase_if(*all.value, [&](const Ec2Instance& instance) {
      return instance.node.token != request_.token || counted.contains(instance.node.id) ||
             !usable(instance.node);
    });
    keep(*all);
    for (const Ec2Instance& instance : *all)
      made.push_back(instance.node.id);
    if (!made.empty() || !there || look == kLooks) break;
    with_.clock_.sleep(kLookPause, {});
  }
  troubles_.push_back(where + ": asked for before, " + std::to_string(made.size()) +
                      " found; the config has changed since or they are gone (" + words(said) +
                      ")");
  Result<> ended = end(attempt, std::move(made));
  if (!ended) return ended.error();
  return Next::kStop;
}

Result<> Launch::begin(const std::string& what) {
  attempts_.push_back({what, std::nullopt});
  Result<> written = journal();
  if (!written) attempts_.pop_back();
  return written;
}

Result<> Launch::end(LaunchAttempt& attempt, std::vector<CloudId> made) {
  attempt.made = std::move(made);
  return journal();
}

Result<> Launch::journal() {
  return request_.journal ? request_.journal(attempts_) : Result<>{};
}

// What the attempts made, as it is now, where this call has not seen it.
Result<> Launch::look_at_made() {
  for (int look = 1; look <= kLooks; ++look) {
    std::vector<CloudId> unseen;
    for (const LaunchAttempt& attempt : attempts_) {
      for (const CloudId& id : attempt.made.value_or(std::vector<CloudId>{})) {
        // One that was just started may still be shown as stopped.
        const auto seen = seen_.find(id);
        if (seen == seen_.end() || seen->second.power == Power::kStopped) unseen.push_back(id);
      }
    }
    if (unseen.empty()) return {};
    if (look > 1) with_.clock_.sleep(kLookPause, {});
    Reply<std::vector<Ec2Instance>> found = instances_by_id(with_.api_, unseen, deadline_);
    if (!found) return in_context(found.value.error(), "looking at what was launched before");
    keep(*found);
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

int Launch::missing() const {
  std::size_t made = 0;
  for (const LaunchAttempt& attempt : attempts_)
    made += attempt.made ? attempt.made->size() : 0;
  return static_cast<int>(request_.nodes.size()) -
         static_cast<int>(std::min(made, request_.nodes.size()));
}

void Launch::keep(const std::vector<Ec2Instance>& instances) {
  for (const Ec2Instance& instance : instances)
    seen_.insert_or_assign(instance.node.id, instance.node);
}

}  // namespace rayctl::aws
