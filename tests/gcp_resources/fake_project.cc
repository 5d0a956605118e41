#include "tests/gcp_resources/fake_project.h"

#include <algorithm>
#include <optional>
#include <regex>

#include "base/text.h"
#include "providers/gcp/errors.h"
#include "providers/gcp/instances.h"

namespace rayctl::gcp {
namespace {

constexpr char kUrl[] = "https://www.googleapis.com/compute/v1/projects/p/";

std::string unescaped(std::string text) {
  const std::string at = "%40";
  for (std::size_t found = text.find(at); found != std::string::npos; found = text.find(at))
    text.replace(found, at.size(), "@");
  return text;
}

std::string parameter(const Call& call, const std::string& name) {
  const auto found = call.query.find(name);
  return found == call.query.end() ? "" : found->second;
}

bool is_name(const std::string& text) {
  static const std::regex kName("[a-z]([-a-z0-9]{0,61}[a-z0-9])?");
  return std::regex_match(text, kName);
}

bool is_request_id(const std::string& text) {
  static const std::regex kUuid(
      "[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
  return std::regex_match(text, kUuid);
}

/// The service's filters, as far as they are used: `labels.x:*` and `(a = "b") AND (c = "d")`.
bool passes(const std::string& filter, const Json& item) {
  const Json labels = item.value("labels", Json::object());
  static const std::regex kAny("labels\\.([-a-z0-9_]+):\\*");
  static const std::regex kIs("\\(([-a-z0-9_.]+) = \"([^\"]*)\"\\)");
  std::smatch found;
  if (std::regex_match(filter, found, kAny)) return labels.contains(found[1].str());
  for (std::sregex_iterator at(filter.begin(), filter.end(), kIs), end; at != end; ++at) {
    const std::string key = (*at)[1].str();
    const bool label = key.starts_with("labels.");
    const std::string is = label ? labels.value(key.substr(7), "") : item.value(key, "");
    if (is != (*at)[2].str()) return false;
  }
  return true;
}

/// What Compute Engine says of a rule that it does not take; "" if it does.
std::string wrong_with_rule(const Json& rule) {
  if (!is_name(rule.value("name", ""))) return "Invalid value for field 'resource.name'";
  if (!rule.contains("network")) return "Required field 'resource.network' not specified";
  if (!rule.contains("allowed") || rule["allowed"].empty()) return "allowed is empty";
  bool ipv4 = false, ipv6 = false;
  for (const Json& range : rule.value("sourceRanges", Json::array()))
    (range.get<std::string>().find(':') == std::string::npos ? ipv4 : ipv6) = true;
  if (ipv4 && ipv6) return "Source ranges of both IPv4 and IPv6";
  if (!ipv4 && !ipv6 && rule.value("sourceTags", Json::array()).empty()) return "no source";
  for (const char* key : {"sourceTags", "targetTags"}) {
    for (const Json& tag : rule.value(key, Json::array())) {
      if (!is_name(tag.get<std::string>())) return std::string("Invalid tag in ") + key;
    }
  }
  return "";
}

}  // namespace

FakeProject::Done FakeProject::refused(int status, const std::string& reason,
                                       const std::string& message) {
  return {.answer = {}, .error = {.status = status, .reason = reason, .message = message}};
}

FakeProject::Done FakeProject::missing(const std::string& what) {
  return refused(404, "notFound", "The resource '" + what + "' was not found");
}

Reply<Json> FakeProject::call(const Call& call, Time /*deadline*/) {
  const std::lock_guard lock(mutex_);
  ++calls[call.id];
  ++number_;
  if (number_ == kill_at && !kill_after_effect) throw Killed{};
  if (meanwhile) meanwhile(call.id);
  Done end = call.id == refuse ? refused(403, "forbidden", "Required '" + call.id + "' permission")
                               : done(call);
  if (number_ == kill_at) throw Killed{};
  if (call.id == lose_answer_of) {
    lose_answer_of.clear();
    return {unknown_outcome(ErrorCode::kProviderUnavailable, call.id + ": no answer"), {}};
  }
  if (end.error.status != 0) return {error_of(call.id, end.error), end.error};
  return {std::move(end.answer), {}};
}

FakeProject::Done FakeProject::done(const Call& call) {
  if (call.path.find("projects/p") != 0 && call.path.find("projects/-") != 0)
    return missing(call.path);
  const std::vector<std::string> words = split(call.id, '.');
  const std::string& method = words.back();
  if (method == "getIamPolicy" || method == "setIamPolicy") {
    const std::string path = call.path.substr(0, call.path.rfind(':'));
    return policy(call, words[0] == "iam" ? unescaped(last_part(path)) : "");
  }
  if (words[0] == "iam") return account(call, method);
  if (words[0] == "tpu") {
    const std::string zone = split(call.path, '/')[3];
    return {.answer = {{"nodes", tpus[zone]}}, .error = {}};
  }
  if (words[1] == "firewalls") return firewall(call, method);
  return compute(call, words[1] + "." + method);
}

FakeProject::Done FakeProject::operation() {
  return {.answer = {{"name", "operation-" + std::to_string(++made_)}, {"status", "RUNNING"}},
          .error = {}};
}

FakeProject::Done FakeProject::compute(const Call& call, const std::string& what) {
  if (what == "globalOperations.wait" || what == "zoneOperations.wait")
    return {.answer = {{"name", "operation"}, {"status", "DONE"}}, .error = {}};
  if (what == "subnetworks.list") return paged(call, "items", subnetworks);
  if (what == "projects.get")
    return {.answer = {{"defaultServiceAccount", default_account}}, .error = {}};
  if (what == "instances.aggregatedList") return aggregated(call, "instances");
  if (what == "disks.aggregatedList") return aggregated(call, "disks");
  if (what == "instances.delete") return remove(call, instances);
  if (what == "disks.delete") return remove(call, disks);
  if (what == "disks.get") {
    const auto found = disks.find(last_part(call.path));
    return found == disks.end() ? missing(call.path) : Done{.answer = found->second, .error = {}};
  }
  return refused(400, "invalid", "no such method: " + call.id);
}

FakeProject::Done FakeProject::remove(const Call& call, std::map<std::string, Json>& from) {
  const auto found = from.find(last_part(call.path));
  if (found == from.end()) return missing(call.path);
  if (!is_request_id(parameter(call, "requestId"))) return refused(400, "invalid", "requestId");
  if (!found->second.value("users", Json::array()).empty())
    return refused(400, "resourceInUseByAnotherResource", "The disk is in use");
  from.erase(found);
  Done begun = operation();
  begun.answer["zone"] = split(call.path, '/')[3];
  return begun;
}

FakeProject::Done FakeProject::paged(const Call& call, const char* key,
                                     const std::vector<Json>& items) const {
  const std::string token = parameter(call, "pageToken");
  const std::size_t first = token.empty() ? 0 : std::stoul(token);
  const std::size_t last = std::min(first + page, items.size());
  // What is empty is left out.
  Json answer = Json::object();
  for (std::size_t at = first; at < last; ++at)
    answer[key].push_back(items[at]);
  if (last < items.size()) answer["nextPageToken"] = std::to_string(last);
  return {.answer = std::move(answer), .error = {}};
}

FakeProject::Done FakeProject::aggregated(const Call& call, const std::string& what) {
  std::vector<Json> all;
  for (const auto& [name, item] : what == "disks" ? disks : instances) {
    if (passes(parameter(call, "filter"), item)) all.push_back(item);
  }
  Done answer = paged(call, "items", all);
  Json scopes{{"zones/us-west1-c", {{"warning", {{"code", "NO_RESULTS_ON_PAGE"}}}}}};
  for (const Json& item : answer.answer.value("items", Json::array()))
    scopes["zones/" + last_part(item.value("zone", ""))][what].push_back(item);
  for (const std::string& zone : zones_in_trouble)
    scopes["zones/" + zone] = {{"warning", {{"code", "UNREACHABLE"}}}};
  answer.answer["items"] = std::move(scopes);
  return answer;
}

FakeProject::Done FakeProject::insert_rule(const Call& call) {
  if (const std::string wrong = wrong_with_rule(call.body); !wrong.empty())
    return refused(400, "invalid", wrong);
  const std::string name = call.body["name"];
  if (firewalls.contains(name))
    return refused(409, "alreadyExists", "The resource '" + name + "' already exists");
  firewalls[name] = call.body;
  return operation();
}

FakeProject::Done FakeProject::firewall(const Call& call, const std::string& method) {
  if (method == "list") {
    std::vector<Json> all;
    for (const auto& [name, rule] : firewalls)
      all.push_back(rule);
    return paged(call, "items", all);
  }
  const std::string id = parameter(call, "requestId");
  if (!is_request_id(id)) return refused(400, "invalid", "requestId");
  // A second call with the same id is no call.
  if (!request_ids_.insert(id).second) return operation();
  if (method == "insert") return insert_rule(call);
  const auto found = firewalls.find(last_part(call.path));
  if (found == firewalls.end()) return missing(call.path);
  if (method == "delete") {
    firewalls.erase(found);
    return operation();
  }
  Json changed = found->second;
  for (const auto& [key, value] : call.body.items())
    changed[key] = value;
  if (call.body.contains("network")) return refused(400, "invalid", "network cannot be changed");
  if (const std::string wrong = wrong_with_rule(changed); !wrong.empty())
    return refused(400, "invalid", wrong);
  found->second = std::move(changed);
  return operation();
}

bool FakeProject::is_shown(const std::string& email) const {
  const auto found = shown_.find(email);
  return accounts.contains(email) && (found == shown_.end() || found->second <= clock_.now());
}

FakeProject::Done FakeProject::create_account(const Call& call) {
  static const std::regex kId("[a-z]([-a-z0-9]{4,28}[a-z0-9])");
  const std::string id = call.body.value("accountId", "");
  const Json about = call.body.value("serviceAccount", Json::object());
  const bool good = std::regex_match(id, kId) && about.value("description", "").size() <= 256 &&
                    about.value("displayName", "").size() <= 100;
  if (!good) return refused(400, "INVALID_ARGUMENT", "account_id");
  const std::string email = id + "@p.iam.gserviceaccount.com";
  if (accounts.contains(email))
    return refused(409, "alreadyExists", "Service account " + id + " already exists");
  accounts[email] = about;
  accounts[email]["email"] = email;
  shown_[email] = clock_.now() + iam_delay;
  return {.answer = accounts[email], .error = {}};
}

FakeProject::Done FakeProject::account(const Call& call, const std::string& method) {
  if (method == "create") return create_account(call);
  if (method == "list") {
    std::vector<Json> all;
    for (const auto& [email, account] : accounts)
      if (is_shown(email)) all.push_back(account);
    return paged(call, "accounts", all);
  }
  const std::string email = unescaped(last_part(call.path));
  if (!is_shown(email)) return missing(email);
  if (method == "get") return {.answer = accounts[email], .error = {}};
  accounts.erase(email);
  policies.erase(email);
  const std::string member = "serviceAccount:" + email;
  for (auto& [of, policy] : policies) {
    for (Json& binding : policy["bindings"]) {
      for (Json& each : binding["members"])
        if (each == Json(member)) each = "deleted:" + member + "?uid=1";
    }
  }
  return {.answer = Json::object(), .error = {}};
}

FakeProject::Done FakeProject::set_policy(const Json& body, Json& policy) {
  const Json wanted = body.value("policy", Json::object());
  if (wanted.value("etag", "") != policy.value("etag", ""))
    return refused(409, "aborted", "There were concurrent policy changes.");
  for (const Json& binding : wanted.value("bindings", Json::array())) {
    if (binding.value("members", Json::array()).empty())
      return refused(400, "badRequest", "A binding has no members");
    if (binding.contains("condition") && wanted.value("version", 0) != 3)
      return refused(400, "badRequest", "Conditions need version 3");
    for (const Json& each : binding["members"]) {
      const std::string member = each;
      const bool account = member.starts_with("serviceAccount:");
      if (account && !is_shown(member.substr(member.find(':') + 1)))
        return refused(400, "badRequest", "Service account " + member + " does not exist.");
    }
  }
  policy = wanted;
  policy["etag"] = "etag-" + std::to_string(++made_);
  return {.answer = policy, .error = {}};
}

FakeProject::Done FakeProject::policy(const Call& call, const std::string& of) {
  if (!of.empty() && !is_shown(of)) return missing(of);
  Json& policy = policies[of];
  if (policy.is_null()) policy = Json{{"version", 1}, {"etag", "etag-0"}};
  if (call.id.ends_with("setIamPolicy")) return set_policy(call.body, policy);
  const bool whole =
      of.empty()
          ? call.body.value("options", Json::object()).value("requestedPolicyVersion", 0) == 3
          : parameter(call, "options.requestedPolicyVersion") == "3";
  if (!whole) return refused(400, "badRequest", "conditions would be hidden");
  return {.answer = policy, .error = {}};
}

std::set<std::string> FakeProject::members(const std::string& of) const {
  std::set<std::string> all;
  const auto found = policies.find(of);
  if (found == policies.end()) return all;
  for (const Json& binding : found->second.value("bindings", Json::array())) {
    for (const Json& member : binding["members"])
      all.insert(binding["role"].get<std::string>() + " " + member.get<std::string>());
  }
  return all;
}

void FakeProject::add_instance(const std::string& name, const Json& more) {
  Json& item = instances[name];
  item = {{"name", name}, {"status", "RUNNING"}, {"zone", std::string(kUrl) + "zones/us-west1-a"}};
  item.update(more);
}

}  // namespace rayctl::gcp
