#include "providers/kubernetes/kubeconfig.h"

#include <unistd.h>

#include <filesystem>

#include "base/files.h"
#include "base/text.h"
#include "providers/kubernetes/kubeconfig_parts.h"

namespace rayctl::kubernetes {
namespace {

constexpr std::size_t kLargest = 1U << 20;

/// The entries of one kind of all files, by name.
using Entries = std::map<std::string, Part>;

const Json& list_of(const Json& document, const char* key) {
  static const Json none = Json::array();
  const auto found = document.find(key);
  return found == document.end() || found->is_null() ? none : *found;
}

Entries entries(const std::vector<KubeconfigFile>& files, const char* key, const char* inner,
                Problems& problems) {
  Entries all;
  for (const KubeconfigFile& file : files) {
    if (!file.document.is_object()) continue;
    const Json& list = list_of(file.document, key);
    if (!list.is_array()) {
      problems.add(file.path, std::string("`") + key + "` is not a list",
                   "Write it as kubectl config does.");
      continue;
    }
    for (const Json& entry : list) {
      const bool sound = entry.is_object() && entry.contains("name") && entry["name"].is_string();
      if (!sound) {
        problems.add(file.path, std::string("an entry of `") + key + "` has no name",
                     "Give it a name, or take it out.");
        continue;
      }
      const std::string name = entry["name"];
      const auto body = entry.find(inner);
      const bool has = body != entry.end() && body->is_object();
      all.emplace(name, Part{std::string(inner) + " `" + name + "`", file.path,
                             has ? *body : Json::object()});
    }
  }
  return all;
}

std::vector<std::string> names(const Entries& entries) {
  std::vector<std::string> all;
  for (const auto& [name, part] : entries)
    all.push_back(name);
  return all;
}

std::string choices(const std::string& what, const std::string& wanted, const Entries& entries) {
  const std::string near = nearest(wanted, names(entries));
  if (!near.empty()) return "Did you mean `" + near + "`?";
  return entries.empty() ? "There is no " + what + " at all."
                         : "There are: " + join(names(entries), ", ") + ".";
}

std::string current_context(const std::vector<KubeconfigFile>& files) {
  for (const KubeconfigFile& file : files) {
    if (!file.document.is_object()) continue;
    const auto found = file.document.find("current-context");
    if (found != file.document.end() && found->is_string() && !found->get<std::string>().empty())
      return *found;
  }
  return "";
}

const Part* find(const Entries& all, const std::string& what, const std::string& name,
                 const Part& context, Problems& problems) {
  const auto found = all.find(name);
  if (found != all.end()) return &found->second;
  problems.add(
      context.file,
      context.title + (name.empty() ? " names no " + what
                                    : " names " + what + " `" + name + "`, which is not there"),
      choices(what, name, all));
  return nullptr;
}

}  // namespace

std::vector<std::string> context_names(const std::vector<KubeconfigFile>& files) {
  Problems ignored;
  return names(entries(files, "contexts", "context", ignored));
}

TargetChoice choose_target(const std::vector<KubeconfigFile>& files, const std::string& context) {
  Problems problems;
  for (const KubeconfigFile& file : files) {
    if (file.document.is_object() || file.document.is_null()) continue;
    problems.add(file.path, "the file is no kubeconfig", "Take it out of KUBECONFIG.");
  }
  const Entries contexts = entries(files, "contexts", "context", problems);
  const Entries clusters = entries(files, "clusters", "cluster", problems);
  const Entries users = entries(files, "users", "user", problems);
  const std::string file = files.empty() ? "" : files.front().path;

  Target target;
  target.context = context.empty() ? current_context(files) : context;
  const auto chosen = contexts.find(target.context);
  if (target.context.empty()) {
    problems.add(
        file, "no context is chosen and there is no current-context",
        "Name one, or run `kubectl config use-context`. " + choices("context", "", contexts));
  } else if (chosen == contexts.end()) {
    problems.add(file, "there is no context `" + target.context + "`",
                 choices("context", target.context, contexts));
  } else {
    const Part& part = chosen->second;
    target.source = part.file;
    target.space = text_of(part, "namespace", problems);
    if (target.space.empty()) target.space = "default";
    target.user_name = text_of(part, "user", problems);
    const Part* cluster =
        find(clusters, "cluster", text_of(part, "cluster", problems), part, problems);
    if (cluster != nullptr) target.cluster = read_cluster(*cluster, problems);
    const Part* user = find(users, "user", target.user_name, part, problems);
    if (user != nullptr) target.user = read_user(*user, problems);
  }
  TargetChoice choice;
  choice.problems = std::move(problems.list);
  if (choice.problems.empty()) choice.target = std::move(target);
  return choice;
}

Error target_error(const std::vector<Diagnostic>& problems) {
  Error error = permanent(ErrorCode::kCredentials, "the Kubernetes cluster cannot be chosen");
  for (const Diagnostic& problem : problems) {
    std::string line = problem.summary;
    if (problem.where && !problem.where->file.empty()) line += " (" + problem.where->file + ")";
    if (!problem.remedy.empty()) line += ". " + problem.remedy;
    error.message += (&problem == &problems.front() ? ": " : "; ") + line;
  }
  return error;
}

bool is_in_cluster(const Environment& env) {
  const auto given = [&](const char* name) {
    const auto found = env.find(name);
    return found != env.end() && !found->second.empty();
  };
  return given("KUBERNETES_SERVICE_HOST") && given("KUBERNETES_SERVICE_PORT");
}

TargetChoice in_cluster_target(const Environment& env, const std::string& folder) {
  Problems problems;
  Target target;
  target.source = "the service account of this pod";
  if (!is_in_cluster(env)) {
    problems.add("", "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set",
                 "This is no pod: give a kubeconfig.");
  } else {
    const std::string host = env.at("KUBERNETES_SERVICE_HOST");
    const bool six = host.find(':') != std::string::npos;
    target.cluster.server =
        "https://" + (six ? "[" + host + "]" : host) + ":" + env.at("KUBERNETES_SERVICE_PORT");
  }
  const auto content = [&](const char* name) {
    const std::string path = folder + "/" + name;
    const Result<std::string> text = read_file(path, kLargest);
    if (!text) {
      problems.add(path, text.error().message,
                   "The pod needs automountServiceAccountToken, and an account.");
    }
    return text ? *text : std::string();
  };
  target.cluster.ca = content("ca.crt");
  static_cast<void>(content("token"));
  target.user.token_file = folder + "/token";
  const Result<std::string> space = read_file(folder + "/namespace", kLargest);
  target.space = space ? trim(*space) : "default";
  TargetChoice choice;
  choice.problems = std::move(problems.list);
  if (choice.problems.empty()) choice.target = std::move(target);
  return choice;
}

}  // namespace rayctl::kubernetes
