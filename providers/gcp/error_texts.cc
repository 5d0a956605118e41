#include <algorithm>
#include <cctype>
#include <vector>

#include "base/text.h"
#include "providers/gcp/errors.h"
#include "providers/gcp/pages.h"

namespace rayctl::gcp {
namespace {

constexpr std::size_t kLongest = 2000;  ///< bytes of the service's words

std::string in_one_line(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 32) c = ' ';
  }
  text = trim(text);
  if (text.size() > kLongest) text.resize(kLongest);
  return text;
}

/// The first reason of a list of objects that have one.
std::string reason_in(const Json& error, const char* list) {
  const auto found = error.find(list);
  if (found == error.end() || !found->is_array()) return "";
  for (const Json& each : *found) {
    if (!each.is_object()) continue;
    if (std::string reason = text_of(each, "reason"); !reason.empty()) return reason;
  }
  return "";
}

/// The reason to go by: google.rpc.ErrorInfo's if it says more than the usual one.
std::string reason_of(const Json& error, int status) {
  const std::string info = reason_in(error, "details"), usual = reason_in(error, "errors");
  const ErrorRow* known = nullptr;
  for (const ErrorRow& row : error_rows()) {
    if (row.reason == info) known = &row;
  }
  if (known != nullptr && (usual.empty() || known->kind != meaning_of(usual, status).kind)) {
    return info;
  }
  for (const std::string& reason : {usual, text_of(error, "status"), info}) {
    if (!reason.empty()) return reason;
  }
  return "";
}

/// All of the service's words; its list of errors repeats the first.
std::string words_of(const Json& error) {
  std::string words = text_of(error, "message");
  const auto list = error.find("errors");
  if (list == error.end() || !list->is_array()) return words;
  for (const Json& each : *list) {
    const std::string more = each.is_object() ? text_of(each, "message") : "";
    if (more.empty() || words.find(more) != std::string::npos) continue;
    words += (words.empty() ? "" : "; ") + more;
  }
  return words;
}

bool is_permission(const std::string& word) {
  const std::vector<std::string> parts = split(word, '.');
  return parts.size() == 3 && parts[1] != "googleapis" &&
         std::all_of(parts.begin(), parts.end(), [](const std::string& part) {
           return !part.empty() && std::islower(static_cast<unsigned char>(part[0])) != 0;
         });
}

/// "compute.instances.create" of "Required 'compute.instances.create' permission for ...".
std::string permission_in(const std::string& words) {
  std::string word;
  for (const char c : words + " ") {
    if (std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '.') {
      word += c;
      continue;
    }
    while (word.ends_with('.'))
      word.pop_back();
    if (is_permission(word)) return word;
    word.clear();
  }
  return "";
}

/// The right that a call usually needs: compute.instances.insert needs compute.instances.create.
std::string permission_of(const std::string& call) {
  std::vector<std::string> parts = split(call, '.');
  if (parts.size() < 3) return call;
  std::string service = parts[0] == "cloudresourcemanager" ? "resourcemanager" : parts[0];
  std::string verb = parts.back();
  if (verb == "insert") verb = "create";
  if (verb == "aggregatedList") verb = "list";
  if (verb == "patch") verb = "update";
  return service + "." + parts[parts.size() - 2] + "." + verb;
}

std::string not_allowed(const std::string& doing, const ApiError& answer,
                        const std::string& words) {
  const std::string named = permission_in(words);
  std::string text = (named.empty() ? permission_of(doing) : named) + " is not allowed";
  if (!words.empty()) text += " (" + words + ")";
  if (answer.reason == "ACCESS_TOKEN_SCOPE_INSUFFICIENT") {
    return text + "; the token's scopes are too narrow: the machine or the login needs the scope " +
           "cloud-platform";
  }
  return text + "; `rayctl iam-policy CONFIG` prints what is needed";
}

/// The word after "project ", as the service's words name it.
std::string project_in(const std::string& words) {
  const std::size_t start = words.find("project ");
  if (start == std::string::npos) return "";
  const std::size_t begin = start + 8;
  std::string word = words.substr(begin, words.find_first_of(" .,;", begin) - begin);
  return word;
}

std::string not_enabled(const std::string& doing, const std::string& words) {
  const std::string project = project_in(words);
  return doing + ": the service is not enabled (" + words + "); `gcloud services enable " +
         doing.substr(0, doing.find('.')) + ".googleapis.com" +
         (project.empty() ? "" : " --project " + project) + "` enables it";
}

}  // namespace

ApiError parse_error(int status, const std::string& body) {
  ApiError found{status, "", ""};
  Json json = Json::parse(body, nullptr, false);
  // A list that is streamed answers with a list of one.
  if (json.is_array() && !json.empty()) json = Json(json.front());
  const auto error = json.is_object() ? json.find("error") : json.end();
  if (!json.is_object() || error == json.end()) {
    const bool page = json.is_discarded() && body.find('<') != std::string::npos;
    if (!page && json.is_discarded()) found.message = in_one_line(body);
    return found;
  }
  if (error->is_string()) {
    found.reason = error->get<std::string>();
    found.message = in_one_line(text_of(json, "error_description"));
    // Google's second factor hides behind the grant.
    if (text_of(json, "error_subtype") == "invalid_rapt") found.reason = "invalid_rapt";
  } else if (error->is_object()) {
    found.message = in_one_line(words_of(*error));
    found.reason = precise_reason(reason_of(*error, status), found.message);
  }
  return found;
}

Error error_of(const std::string& doing, const ApiError& answer) {
  const ErrorMeaning meaning = meaning_of(answer.reason, answer.status);
  const std::string words = in_one_line(answer.message);
  std::string message = doing + ": ";
  if (meaning.kind == ErrorClass::kUnauthorized) {
    message = not_allowed(doing, answer, words);
  } else if (meaning.kind == ErrorClass::kApiDisabled) {
    message = not_enabled(doing, words);
  } else {
    message +=
        answer.reason.empty() ? "HTTP status " + std::to_string(answer.status) : answer.reason;
    if (!words.empty()) message += ": " + words;
  }
  return {meaning.fault, meaning.code, std::move(message), {}};
}

}  // namespace rayctl::gcp
