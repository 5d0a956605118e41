#include "model/json.h"
#include "providers/aws/credential_places.h"

namespace rayctl::aws {

Result<std::vector<std::string>> shell_words(const std::string& text) {
  std::vector<std::string> words;
  std::string word;
  bool started = false;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool more = i + 1 < text.size();
    const bool escapes =
        quote == 0 || (quote == '"' && more && (text[i + 1] == '"' || text[i + 1] == '\\'));
    if (c == '\\' && more && escapes) {
      word += text[++i];
      started = true;
    } else if (quote != 0 && c == quote) {
      quote = 0;
    } else if (quote != 0) {
      word += c;
    } else if (c == '\'' || c == '"') {
      quote = c;
      started = true;
    } else if (c == ' ' || c == '\t' || c == '\n') {
      if (started) words.push_back(word);
      word.clear();
      started = false;
    } else {
      word += c;
      started = true;
    }
  }
  if (quote != 0) return credential_error("a quote is not closed");
  if (started) words.push_back(word);
  return words;
}

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
