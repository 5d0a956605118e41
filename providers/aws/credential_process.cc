#include "model/json.h"
#include "providers/aws/credential_places.h"
#include "providers/shell_words.h"

namespace rayctl::aws {

Result<Credentials> from_process(CredentialPlaces& places, const std::string& command,
                                 const std::string& source, Time deadline) {
  const std::string what = "credential_process of " + source;
  const Result<std::vector<std::string>> argv = shell_words(command);
  if (!argv) return credential_error(what + ": " + argv.error().message);
  if (argv->empty()) return credential_error(what + " names no program");
  if (!places.run) return credential_error(what + " cannot be run here");
  const Result<std::string> output = places.run(*argv, deadline);
  if (!output) {
    Error error = output.error();
    error.code = ErrorCode::kCredentials;
    error.message = what + " failed: " + error.message;
    return error;
  }
  const Json json = Json::parse(*output, nullptr, false);
  if (!json.is_object() || !json.contains("Version") || json["Version"] != 1) {
    return credential_error(what + " did not print credentials of version 1");
  }
  return parse_credential_document(*output, what);
}

}  // namespace rayctl::aws
