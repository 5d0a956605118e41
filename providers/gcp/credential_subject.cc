#include <algorithm>
#include <cstdint>

#include "base/files.h"
#include "base/text.h"
#include "net/route.h"
#include "providers/gcp/credential_places.h"
#include "providers/shell_words.h"

namespace rayctl::gcp {
namespace {

constexpr std::size_t kLargest = 1U << 20;
constexpr Millis kLongest{30'000};  ///< that a program may take, unless it is told

Json part(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_object() ? *found : Json::object();
}

/// The token of a text: the text itself, or a field of its JSON.
Result<std::string> read_subject(const Json& source, const std::string& text,
                                 const std::string& place) {
  const Json format = part(source, "format");
  std::string token = trim(text);
  if (text_of(format, "type") == "json") {
    const std::string field = text_of(format, "subject_token_field_name");
    token = text_of(Json::parse(text, nullptr, false), field);
    if (token.empty())
      return credential_error(place + " has no JSON with the field `" + field + "`");
  }
  if (token.empty()) return credential_error(place + " is empty");
  return token;
}

Result<std::string> from_file(const Json& source) {
  const std::string path = text_of(source, "file");
  const Result<std::string> text = read_file(path, kLargest);
  if (!text) return credential_error("the token of the other issuer: " + text.error().message);
  return read_subject(source, *text, path);
}

Result<std::string> from_url(CredentialPlaces& places, const Json& source, Time deadline) {
  HttpRequest request;
  request.url = text_of(source, "url");
  const Json headers = part(source, "headers");
  for (const auto& [name, value] : headers.items()) {
    if (value.is_string()) request.headers.emplace_back(name, value.get<std::string>());
  }
  const std::string place = origin_of(request.url);
  const Result<HttpResponse> response = ask(places, request, deadline, Millis{20'000}, 4);
  if (!response) {
    return in_context(transient(ErrorCode::kCredentials, place + " does not answer"),
                      response.error().message);
  }
  if (response->status != 200) {
    return credential_error(place + " answers with HTTP status " +
                            std::to_string(response->status) + " and no token of another issuer");
  }
  return read_subject(source, response->body, "the answer of " + place);
}

/// Whether what a program said is over by now; what names no time lasts for this once.
bool is_over(const Json& answer, Time now) {
  const auto expires = answer.find("expiration_time");
  if (expires == answer.end() || !expires->is_number()) return false;
  return Time{std::chrono::seconds{static_cast<std::int64_t>(expires->get<double>())}} <= now;
}

/// What a program prints, or wrote into its output file before.
Result<std::string> read_program(const std::string& text, const std::string& program, Time now) {
  const Json answer = Json::parse(text, nullptr, false);
  if (!answer.is_object()) return credential_error(program + " did not print JSON");
  if (!answer.value("success", Json(false)).is_boolean() || !answer.value("success", false)) {
    return credential_error(program + " says " + text_of(answer, "code") + ": " +
                            text_of(answer, "message"));
  }
  if (is_over(answer, now)) return credential_error(program + " gives a token that is over");
  const std::string type = text_of(answer, "token_type");
  const bool saml = type == "urn:ietf:params:oauth:token-type:saml2";
  const std::string token = text_of(answer, saml ? "saml_response" : "id_token");
  if (token.empty())
    return credential_error(program + " gives no token of the type `" + type + "`");
  return token;
}

/// What the program is to know, set by env(1): its other variables are ours.
std::vector<std::string> with_variables(const Json& file, const std::string& output) {
  std::vector<std::string> argv = {
      "env", "GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE=" + text_of(file, "audience"),
      "GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE=" + text_of(file, "subject_token_type"),
      "GOOGLE_EXTERNAL_ACCOUNT_INTERACTIVE=0", "GOOGLE_EXTERNAL_ACCOUNT_REVOKE=0"};
  if (!output.empty()) argv.push_back("GOOGLE_EXTERNAL_ACCOUNT_OUTPUT_FILE=" + output);
  std::string account = text_of(file, "service_account_impersonation_url");
  if (!account.empty()) {
    account = account.substr(account.rfind('/') + 1);
    argv.push_back("GOOGLE_EXTERNAL_ACCOUNT_IMPERSONATED_EMAIL=" +
                   account.substr(0, account.find(':')));
  }
  return argv;
}

Millis time_for(const Json& executable) {
  const auto limit = executable.find("timeout_millis");
  if (limit == executable.end() || !limit->is_number_integer()) return kLongest;
  return Millis{std::clamp<std::int64_t>(limit->get<std::int64_t>(), 5'000, 120'000)};
}

Result<std::string> from_program(CredentialPlaces& places, const Json& file, const Json& executable,
                                 Time deadline) {
  if (variable(places.env, "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES") != "1") {
    return credential_error(
        "it names a program, which is run only if GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES is 1");
  }
  const Time now = places.clock.now();
  const std::string output = text_of(executable, "output_file");
  if (!output.empty()) {
    const Result<std::string> kept = read_file(output, kLargest);
    if (kept && kept->find("expiration_time") != std::string::npos) {
      Result<std::string> token = read_program(*kept, output, now);
      if (token) return token;
    }
  }
  const Result<std::vector<std::string>> words = shell_words(text_of(executable, "command"));
  if (!words)
    return credential_error("credential_source.executable.command: " + words.error().message);
  if (words->empty()) return credential_error("credential_source.executable names no program");
  if (!places.run) return credential_error("programs cannot be run here");
  std::vector<std::string> argv = with_variables(file, output);
  argv.insert(argv.end(), words->begin(), words->end());
  const Result<std::string> printed =
      places.run(argv, std::min(deadline, now + time_for(executable)));
  if (!printed) {
    Error error = printed.error();
    error.code = ErrorCode::kCredentials;
    error.message = words->front() + " failed: " + error.message;
    return error;
  }
  return read_program(*printed, words->front(), places.clock.now());
}

}  // namespace

Result<std::string> subject_token(CredentialPlaces& places, const CredentialFile& file,
                                  Time deadline) {
  const Json source = part(file.json, "credential_source");
  if (source.contains("environment_id")) {
    return credential_error(
        "identity federation with AWS's own signatures is not supported; use a token in a file, "
        "of a URL or of a program, or a service account's key");
  }
  if (source.contains("certificate")) {
    return credential_error("identity federation with certificates (X.509) is not supported");
  }
  if (source.contains("file")) return from_file(source);
  if (source.contains("url")) return from_url(places, source, deadline);
  const Json executable = part(source, "executable");
  if (!executable.empty()) return from_program(places, file.json, executable, deadline);
  return credential_error("credential_source names neither file, url nor executable");
}

}  // namespace rayctl::gcp
