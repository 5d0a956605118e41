#include "providers/python/python_launch.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace rayctl::python {
namespace {

// How often it is looked for machines that a class says, or may, have made, and how long apart.
constexpr int kLooks = 20, kFewLooks = 5;
constexpr Millis kFirstPause{100}, kPause{1'000};

bool usable(const CloudNode& node) {
  return node.power == Power::kRunning || node.power == Power::kPending;
}

std::set<CloudId> ids_of(const std::vector<CloudNode>& nodes) {
  std::set<CloudId> ids;
  for (const CloudNode& node : nodes)
    ids.insert(node.id);
  return ids;
}

/// What an attempt says in the journal: the machines that were there before it.
std::string attempt_text(const std::set<CloudId>& before) {
  Json ids = Json::array();
  for (const CloudId& id : before)
    ids.push_back(id.text);
  return Json{{"before", std::move(ids)}}.dump(-1, ' ', true, Json::error_handler_t::replace);
}

std::set<CloudId> read_attempt(const std::string& text) {
  const Json read = Json::parse(text, nullptr, false);
  std::set<CloudId> ids;
  if (!read.is_object() || !read.contains("before")) return ids;
  for (const Json& id : read["before"]) {
    if (id.is_string()) ids.insert({id.get<std::string>()});
  }
  return ids;
}

/// Whether the class may have made machines although its call did not return.
bool may_have_made(const HostFailure& failure) {
  return failure.kind == "deadline" || failure.kind == "silent" || failure.kind == "ended";
}

/// The token by which a class is told whose machine it makes.
bool has_other_token(const CloudNode& node, const OpToken& token) {
  return node.token && *node.token != token;
}

}  // namespace

PythonLaunch::PythonLaunch(Bridge& bridge, KeptTags& tags, Clock& clock, List list,
                           const LaunchRequest& request, const NodeTypeConfig* type,
                           std::string class_name, Time deadline, bool& narrow)
    : bridge_(bridge),
      tags_(tags),
      clock_(clock),
      list_(std::move(list)),
      request_(request),
      type_(type),
      class_name_(std::move(class_name)),
      deadline_(deadline),
      narrow_(narrow),
      attempts_(request.attempts) {}

bool PythonLaunch::ours(const CloudNode& node) const {
  return usable(node) && node.token == request_.token;
}

Result<std::vector<CloudNode>> PythonLaunch::run() {
  Result<std::vector<CloudNode>> before = list_();
  if (!before) return in_context(before.error(), "looking before the launch");
  if (Result<> resumed = resume(*before); !resumed) return resumed.error();
  for (const CloudNode& node : *before) {
    if (ours(node)) made_.insert(node.id);
  }
  listed_ = *before;
  while (made_.size() < request_.nodes.size()) {
    Result<bool> more = call(listed_);
    if (!more) return more.error();
    if (!*more) break;
  }
  return finish();
}

Result<> PythonLaunch::resume(const std::vector<CloudNode>& listed) {
  for (LaunchAttempt& attempt : attempts_) {
    for (const CloudId& id : attempt.made.value_or(std::vector<CloudId>{}))
      made_.insert(id);
    if (attempt.made) continue;
    const std::set<CloudId> before = read_attempt(attempt.what);
    std::vector<CloudId> found;
    for (const CloudNode& node : listed) {
      const bool fresh = !before.contains(node.id) && !has_other_token(node, request_.token);
      if (usable(node) && (fresh || ours(node))) found.push_back(node.id);
    }
    attempt.made = found;
    if (Result<> adopted = adopt(found); !adopted) return adopted;
    if (Result<> written = journal(); !written) return written;
  }
  const std::set<CloudId> there = ids_of(listed);
  std::erase_if(made_, [&](const CloudId& id) { return !there.contains(id); });
  return {};
}

Result<bool> PythonLaunch::call(const std::vector<CloudNode>& before) {
  const std::set<CloudId> there = ids_of(before);
  attempts_.push_back({attempt_text(there), std::nullopt});
  if (Result<> written = journal(); !written) return written.error();
  const HostAnswer answer = create(request_.nodes.size() - made_.size());
  std::set<CloudId> named;
  if (answer && answer.ok.value("nodes", Json()).is_array()) {
    for (const Json& id : answer.ok["nodes"])
      named.insert({id.get<std::string>()});
  }
  trouble_ = answer.failure;
  const bool sure = !answer.failure || !may_have_made(*answer.failure);
  Result<std::vector<CloudId>> fresh = await_new(there, named, sure);
  if (!fresh) return in_context(fresh.error(), "looking at what was launched");
  // What nobody saw the end of stays open: the next try looks again.
  if (fresh->empty() && !sure) return bridge_.error(*trouble_);
  attempts_.back().made = *fresh;
  if (Result<> adopted = adopt(*fresh); !adopted) return adopted.error();
  if (Result<> written = journal(); !written) return written.error();
  if (fresh->empty() && trouble_ && !narrow_ && may_be_about_tags(*trouble_)) {
    narrow_ = narrow_tags(request_.tags).size() < request_.tags.size();
    return narrow_;
  }
  return !fresh->empty() && !trouble_;
}

HostAnswer PythonLaunch::create(std::size_t count) {
  if (std::optional<HostFailure> failure = bridge_.bootstrap(request_.cluster, deadline_)) {
    return {.ok = {}, .failure = std::move(failure)};
  }
  Json resources = Json::object(), labels = Json::object();
  if (type_ != nullptr) {
    for (const auto& [name, amount] : type_->resources)
      resources[name] = amount;
    labels = type_->labels;
  }
  return bridge_.call("create", request_.cluster,
                      {{"node_type", request_.spec->type.text},
                       {"node_config", request_.spec->launch},
                       {"tags", narrow_ ? narrow_tags(request_.tags) : request_.tags},
                       {"count", count},
                       {"resources", std::move(resources)},
                       {"labels", std::move(labels)}},
                      deadline_);
}

Result<std::vector<CloudId>> PythonLaunch::await_new(const std::set<CloudId>& before,
                                                     const std::set<CloudId>& named, bool sure) {
  std::vector<CloudId> fresh;
  const int looks = named.empty() ? kFewLooks : kLooks;
  for (int look = 0; look < looks; ++look) {
    if (look > 0) clock_.sleep(look < kFewLooks && sure ? kFirstPause : kPause, {});
    Result<std::vector<CloudNode>> listed = list_();
    if (!listed) return listed.error();
    listed_ = *std::move(listed);
    fresh.clear();
    std::size_t shown = 0;
    for (const CloudNode& node : listed_) {
      if (named.contains(node.id)) ++shown;
      const bool is_new = !before.contains(node.id) || named.contains(node.id);
      if (usable(node) && is_new && !has_other_token(node, request_.token))
        fresh.push_back(node.id);
    }
    if (named.empty() ? !fresh.empty() : shown == named.size()) break;
    if (trouble_ && sure && named.empty()) break;
    if (clock_.now() >= deadline_) break;
  }
  return fresh;
}

// A class that starts machines again which it had kept gives them the new tags, or does not.
Result<> PythonLaunch::adopt(const std::vector<CloudId>& ids) {
  for (const CloudId& id : ids) {
    made_.insert(id);
    const auto listed = std::find_if(listed_.begin(), listed_.end(),
                                     [&](const CloudNode& node) { return node.id == id; });
    bool kept = listed != listed_.end();
    for (const auto& [key, value] : request_.tags) {
      if (!kept) break;
      const auto tag = listed->tags.find(key);
      kept = tag != listed->tags.end() && tag->second == value;
    }
    if (Result<> done = tags_.given(id, request_.tags, kept, class_name_); !done) return done;
  }
  return {};
}

Result<> PythonLaunch::journal() {
  return request_.journal ? request_.journal(attempts_) : Result<>{};
}

Result<std::vector<CloudNode>> PythonLaunch::finish() {
  Result<std::vector<CloudNode>> listed = list_();
  if (!listed) return in_context(listed.error(), "looking at what was launched");
  std::vector<CloudNode> made;
  for (CloudNode& node : *listed) {
    if (made_.contains(node.id) && usable(node)) made.push_back(std::move(node));
  }
  if (made.size() >= request_.nodes.size()) return made;
  const Error why = trouble_ ? bridge_.error(*trouble_)
                             : permanent(ErrorCode::kLaunchFailed,
                                         class_name_ +
                                             " made fewer machines than it was asked for, and said "
                                             "nothing of it");
  if (made.empty()) return why;
  if (request_.why_fewer != nullptr) *request_.why_fewer = why.message;
  return made;
}

}  // namespace rayctl::python
