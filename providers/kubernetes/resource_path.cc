#include "providers/kubernetes/resource_path.h"

#include <algorithm>

#include "base/text.h"
#include "net/url_text.h"

namespace rayctl::kubernetes {
namespace {

std::string verb_of(const std::string& method, bool named, const Query& query) {
  const bool watch = std::any_of(query.begin(), query.end(),
                                 [](const auto& each) { return each.first == "watch"; });
  if (method == "GET") return watch ? "watch" : named ? "get" : "list";
  if (method == "POST") return "create";
  if (method == "PUT") return "update";
  if (method == "PATCH") return "patch";
  if (method == "DELETE") return named ? "delete" : "deletecollection";
  return method;
}

}  // namespace

std::string doing_of(const std::string& method, const std::string& path, const Query& query) {
  std::vector<std::string> words = split(path, '/');
  words.erase(std::remove(words.begin(), words.end(), ""), words.end());
  const auto group = static_cast<std::ptrdiff_t>(words.empty()             ? 0
                                                 : words.front() == "api"  ? 2
                                                 : words.front() == "apis" ? 3
                                                                           : 0);
  if (group == 0 || static_cast<std::ptrdiff_t>(words.size()) <= group) return method + " " + path;
  words.erase(words.begin(), words.begin() + group);
  std::string space;
  if (words.front() == "namespaces" && words.size() > 2) {
    space = " in namespace " + words[1];
    words.erase(words.begin(), words.begin() + 2);
  }
  const bool named = words.size() > 1;
  std::string resource = words.front();
  if (words.size() > 2) resource += "/" + words[2];
  return verb_of(method, named, query) + " " + resource +
         (named ? " `" + words[1] + "`" : std::string()) + space;
}

std::string target_of(const std::string& path, const Query& query) {
  std::string target = path;
  for (const auto& [name, value] : query) {
    target += target.size() == path.size() ? '?' : '&';
    target += percent_encode(name) + "=" + percent_encode(value);
  }
  return target;
}

}  // namespace rayctl::kubernetes
