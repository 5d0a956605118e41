#include "providers/python/bridge.h"

#include <algorithm>
#include <utility>

#include "model/json_text.h"

namespace rayctl::python {
namespace {

ClassFacts read_facts(const Json& opened) {
  ClassFacts facts{.name = text_in(opened, "class"),
                   .file = text_in(opened, "file"),
                   .ray = text_in(opened, "ray"),
                   .own = {},
                   .readonly = opened.value("readonly", false)};
  const Json own = opened.value("own", Json::array());
  for (const Json& method : own) {
    if (method.is_string()) facts.own.insert(method.get<std::string>());
  }
  return facts;
}

/// Whether the process is of no more use after such a failure.
bool hangs(const HostFailure& failure) {
  return failure.kind == "deadline" || failure.kind == "silent";
}

std::string class_in(const Json& provider) {
  const std::string module = text_in(provider, "module");
  return module.empty() ? "the provider `" + text_in(provider, "type") + "`" : module;
}

}  // namespace

Bridge::Bridge(BridgeSettings settings, Clock& clock)
    : settings_(std::move(settings)), clock_(clock) {
  facts_.name = class_in(settings_.provider);
}

Millis Bridge::until(Time deadline) const {
  return std::max(Millis{0}, std::chrono::duration_cast<Millis>(deadline - clock_.now()));
}

std::shared_ptr<HostProcess> Bridge::ready(Time deadline, HostFailure& why) {
  const std::lock_guard guard(mutex_);
  if (host_ && host_->alive()) return host_;
  host_ = HostProcess::start(settings_.host, until(deadline), why);
  if (!host_) return nullptr;
  if (config_.is_null()) config_ = settings_.config ? settings_.config() : Json::object();
  HostAnswer opened = host_->call("open",
                                  {{"provider", settings_.provider},
                                   {"config", config_},
                                   {"known", settings_.known ? settings_.known() : Json()},
                                   {"paths", settings_.paths}},
                                  until(deadline));
  if (opened) {
    facts_ = read_facts(opened.ok);
    return host_;
  }
  why = *std::move(opened.failure);
  if (why.method.empty() && why.kind != "import") why.message = "loading it: " + why.message;
  host_->kill();
  host_.reset();
  return nullptr;
}

HostAnswer Bridge::call(const std::string& op, const ClusterName& cluster, Json arguments,
                        Time deadline) {
  HostFailure why;
  const std::shared_ptr<HostProcess> host = ready(deadline, why);
  if (!host) {
    report(why);
    return {.ok = {}, .failure = std::move(why)};
  }
  arguments["cluster"] = cluster.text;
  HostAnswer answer = host->call(op, std::move(arguments), until(deadline));
  if (answer.failure && hangs(*answer.failure)) host->kill();
  if (answer.failure) report(*answer.failure);
  return answer;
}

void Bridge::report(const HostFailure& failure) {
  if (!settings_.report || failure.lines.empty()) return;
  {
    const std::lock_guard guard(mutex_);
    if (!reported_.insert(failure.lines).second) return;
  }
  settings_.report(failure, class_in(settings_.provider));
}

Result<Json> Bridge::ask(const std::string& op, const ClusterName& cluster, Json arguments,
                         Time deadline) {
  HostAnswer answer = call(op, cluster, std::move(arguments), deadline);
  if (answer.failure) return error(*answer.failure);
  return std::move(answer.ok);
}

Result<ClassFacts> Bridge::facts(Time deadline) {
  HostFailure why;
  if (!ready(deadline, why)) {
    report(why);
    return error(why);
  }
  const std::lock_guard guard(mutex_);
  return facts_;
}

std::optional<HostFailure> Bridge::bootstrap(const ClusterName& cluster, Time deadline) {
  const std::lock_guard one(bootstrapping_);
  HostFailure why;
  const std::shared_ptr<HostProcess> host = ready(deadline, why);
  if (!host) return why;
  if (bootstrapped_ == host) return std::nullopt;
  HostAnswer answer = call("bootstrap", cluster, Json::object(), deadline);
  if (answer.failure) return std::move(answer.failure);
  if (settings_.keep) settings_.keep(answer.ok);
  bootstrapped_ = host;
  return std::nullopt;
}

Error Bridge::error(const HostFailure& failure) const {
  Error error = error_of(failure, class_in(settings_.provider));
  if (settings_.report) error.context.clear();
  return error;
}

}  // namespace rayctl::python
