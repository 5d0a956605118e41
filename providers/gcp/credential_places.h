#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/json.h"
#include "net/http_client.h"
#include "providers/gcp/credentials.h"
#include "providers/gcp/pages.h"
#include "providers/gcp/surroundings.h"

namespace rayctl::gcp {

/// What all tokens are asked for.
inline constexpr char kScope[] = "https://www.googleapis.com/auth/cloud-platform";

/// What a look-up of a token works with. The references outlive it.
struct CredentialPlaces {
  Environment env;
  HttpClient& http;
  Clock& clock;
  RunProgram run;                   ///< for executables; may be empty
  Json given;                       ///< provider.gcp_credentials, or null
  std::string impersonate;          ///< accounts with commas, the last is to be acted as; or ""
  std::vector<std::string> looked;  ///< grows: where nothing was, for the message
};

/// What one place said: nothing (it is not set up there; `looked` then says so), a token, or why it
/// cannot be had from where it is set up.
using Found = std::optional<Result<Token>>;

/// A file of credentials, read.
struct CredentialFile {
  Json json;
  std::string place;  ///< for people: "GOOGLE_APPLICATION_CREDENTIALS (/etc/key.json)"
};

/// kPermanent, kCredentials.
Error credential_error(std::string message);

/// Asks a service for credentials; asking again does no harm, so a lost answer, a 5xx and a rate
/// limit are tried `tries` times, each for at most `each`.
Result<HttpResponse> ask(CredentialPlaces& places, const HttpRequest& request, Time deadline,
                         Millis each, int tries);
/// The same of a service of tokens, by default 4 times 20 seconds. An answer that is an error is
/// one here, of kCredentials, with its words and `what` ("the token of ..."); so is what is no
/// JSON.
Result<Json> ask_for_json(CredentialPlaces& places, const HttpRequest& request,
                          const std::string& what, Time deadline);
/// A POST of a form.
HttpRequest form_request(const std::string& url, const std::map<std::string, std::string>& fields);
/// The Authorization header of a client's id and secret.
std::pair<std::string, std::string> basic_authorization(const std::string& id,
                                                        const std::string& secret);
/// {"access_token", "expires_in"}, as OAuth services answer; `what` goes into the error.
Result<Token> read_token(const CredentialPlaces& places, const Json& answer,
                         const std::string& what);

/// The token of a file of any known type. Takes up to the deadline, may ask several services.
Result<Token> token_of_file(CredentialPlaces& places, const CredentialFile& file, Time deadline);
/// {"type": "service_account"}: signs a claim with the key and exchanges it.
Result<Token> from_service_account(CredentialPlaces& places, const CredentialFile& file,
                                   Time deadline);
/// {"type": "authorized_user"}, what `gcloud auth application-default login` writes.
Result<Token> from_authorized_user(CredentialPlaces& places, const CredentialFile& file,
                                   Time deadline);
/// {"type": "external_account_authorized_user"}: the same of workforce identity federation.
Result<Token> from_external_user(CredentialPlaces& places, const CredentialFile& file,
                                 Time deadline);
/// {"type": "external_account"}: another issuer's token, exchanged.
Result<Token> from_external_account(CredentialPlaces& places, const CredentialFile& file,
                                    Time deadline);
/// {"type": "impersonated_service_account"}: another file's token, exchanged.
Result<Token> from_impersonated(CredentialPlaces& places, const CredentialFile& file,
                                Time deadline);
/// The token of the other issuer that an external_account names: of a file, a URL, a program.
Result<std::string> subject_token(CredentialPlaces& places, const CredentialFile& file,
                                  Time deadline);

/// An account to act as.
struct Impersonation {
  std::string url;                     ///< that ends in ":generateAccessToken"
  std::vector<std::string> delegates;  ///< accounts on the way there
  int lifetime_seconds = 3600;
};
/// The token of another account, with that of `source`, who must have the right to make one.
Result<Token> impersonate(CredentialPlaces& places, const Impersonation& wanted,
                          const Token& source, Time deadline);

/// The machine's metadata server, unless NO_GCE_CHECK. Seconds where there is none.
Found from_metadata(CredentialPlaces& places, Time deadline);
/// The project of the machine; "" if there is no metadata server.
std::string metadata_project(CredentialPlaces& places, Time deadline);

}  // namespace rayctl::gcp
