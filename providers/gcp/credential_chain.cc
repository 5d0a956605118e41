#include "providers/gcp/credential_chain.h"

#include <filesystem>

#include "base/files.h"
#include "base/text.h"
#include "providers/gcp/endpoint.h"

namespace rayctl::gcp {
namespace {

constexpr std::size_t kLargest = 1U << 20;
constexpr char kGiven[] = "provider.gcp_credentials";
constexpr char kHint[] =
    "; log in with `gcloud auth application-default login`, or let GOOGLE_APPLICATION_CREDENTIALS "
    "name a service account's key file";

/// A file, or nothing where none is set up.
using FoundFile = std::optional<Result<CredentialFile>>;

Result<CredentialFile> parse_file(const std::string& text, const std::string& place) {
  CredentialFile file{Json::parse(text, nullptr, false), place};
  if (!file.json.is_object()) return credential_error(place + " holds no JSON object");
  return file;
}

FoundFile given_file(const CredentialPlaces& places) {
  if (!places.given.is_object() || text_of(places.given, "type") != "service_account") {
    return std::nullopt;
  }
  const auto key = places.given.find("credentials");
  if (key != places.given.end() && key->is_object()) return CredentialFile{*key, kGiven};
  return parse_file(text_of(places.given, "credentials"), std::string(kGiven) + ".credentials");
}

FoundFile named_file(CredentialPlaces& places) {
  const std::string name = "GOOGLE_APPLICATION_CREDENTIALS";
  const std::string path = variable(places.env, name);
  if (path.empty()) {
    places.looked.push_back(name + " is not set");
    return std::nullopt;
  }
  const Result<std::string> text = read_file(path, kLargest);
  if (!text) return credential_error(name + ": " + text.error().message);
  return parse_file(*text, name + " (" + path + ")");
}

FoundFile gcloud_file(CredentialPlaces& places) {
  const std::string path = well_known_file(places.env);
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    places.looked.push_back("there is no " + path);
    return std::nullopt;
  }
  const Result<std::string> text = read_file(path, kLargest);
  if (!text) return credential_error(text.error().message);
  return parse_file(*text, path);
}

FoundFile find_file(CredentialPlaces& places) {
  if (FoundFile file = given_file(places)) return file;
  if (FoundFile file = named_file(places)) return file;
  return gcloud_file(places);
}

/// provider.gcp_credentials, if it is a token or nothing that is known.
Found given_token(const CredentialPlaces& places) {
  if (places.given.is_null()) return std::nullopt;
  const std::string type = text_of(places.given, "type");
  if (type == "service_account") return std::nullopt;
  if (type != "credentials_token") {
    return credential_error(std::string(kGiven) +
                            ".type is service_account or credentials_token, not `" + type + "`");
  }
  Token token;
  token.text = trim(text_of(places.given, "credentials"));
  token.source = kGiven;
  if (token.text.empty()) return credential_error(std::string(kGiven) + " has no token");
  return token;
}

Result<Token> own_token(CredentialPlaces& places, Time deadline) {
  if (Found token = given_token(places)) return *token;
  if (const FoundFile file = find_file(places)) {
    if (!*file) return file->error();
    return token_of_file(places, **file, deadline);
  }
  if (Found token = from_metadata(places, deadline)) return *token;
  return credential_error("no Google credentials: " + join(places.looked, "; ") + kHint);
}

Result<Token> act_as(CredentialPlaces& places, const std::string& accounts, const Token& source,
                     Time deadline) {
  const Result<std::string> base = base_of_credentials(places.env);
  if (!base) return base.error();
  std::vector<std::string> names;
  for (const std::string& name : split(accounts, ',')) {
    if (!trim(name).empty()) names.push_back(trim(name));
  }
  if (names.empty()) return credential_error("no service account to act as is named");
  Impersonation wanted;
  wanted.url = *base + "projects/-/serviceAccounts/" + names.back() + ":generateAccessToken";
  names.pop_back();
  wanted.delegates = names;
  return impersonate(places, wanted, source, deadline);
}

}  // namespace

Result<Token> find_token(CredentialPlaces& places, Time deadline) {
  const std::string universe = variable(places.env, "GOOGLE_CLOUD_UNIVERSE_DOMAIN");
  if (!universe.empty() && universe != "googleapis.com") {
    return credential_error("GOOGLE_CLOUD_UNIVERSE_DOMAIN is " + universe +
                            "; only googleapis.com is supported");
  }
  Result<Token> token = own_token(places, deadline);
  if (!token) return token;
  std::string accounts = places.impersonate;
  if (accounts.empty()) {
    accounts = variable(places.env, "CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT");
  }
  if (!accounts.empty()) token = act_as(places, accounts, *token, deadline);
  if (token && !variable(places.env, "GOOGLE_CLOUD_QUOTA_PROJECT").empty()) {
    token->quota_project = variable(places.env, "GOOGLE_CLOUD_QUOTA_PROJECT");
  }
  return token;
}

Result<Project> find_project(CredentialPlaces& places, const std::string& configured,
                             Time deadline) {
  if (!configured.empty()) return Project{configured, "provider.project_id"};
  for (const char* name : {"GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT"}) {
    const std::string id = variable(places.env, name);
    if (!id.empty()) return Project{id, name};
  }
  const FoundFile file = find_file(places);
  if (file && !*file) return file->error();
  if (file && !text_of((*file)->json, "project_id").empty()) {
    return Project{text_of((*file)->json, "project_id"), (*file)->place};
  }
  const Result<std::string> active = gcloud_property(places.env, "core", "project");
  if (!active) return active.error();
  if (!active->empty()) return Project{*active, "gcloud's active configuration"};
  const std::string machine = metadata_project(places, deadline);
  if (!machine.empty()) return Project{machine, "the metadata server"};
  return credential_error(
      "no project: provider.project_id, GOOGLE_CLOUD_PROJECT and CLOUDSDK_CORE_PROJECT are not "
      "set, the credentials name none, gcloud's active configuration in " +
      gcloud_folder(places.env) +
      " has none, and there is no metadata server; set provider.project_id, or run `gcloud config "
      "set project PROJECT`");
}

}  // namespace rayctl::gcp
