#pragma once
#include <optional>
#include <string>
#include <vector>

#include "net/http_client.h"
#include "providers/aws/credentials.h"
#include "providers/aws/profiles.h"

namespace rayctl::aws {

/// What a look-up of credentials works with. The references outlive it.
struct CredentialPlaces {
  Environment env;
  Profiles profiles;
  HttpClient& http;
  Clock& clock;
  RunProgram run;                   ///< for credential_process; may be empty
  std::string region;               ///< for STS, where the surroundings name none
  std::vector<std::string> looked;  ///< grows: where nothing was, for the message
};

/// What one place said: nothing (it is not set up there; `looked` then says so), credentials, or
/// why they cannot be had from where they are set up.
using Found = std::optional<Result<Credentials>>;

/// kPermanent, kCredentials.
Error credential_error(std::string message);

/// Asks a service for credentials; asking again does no harm, so a lost answer, a 5xx and a
/// throttled one are tried `tries` times, each for at most `each`.
Result<HttpResponse> ask(CredentialPlaces& places, const HttpRequest& request, Time deadline,
                         Millis each, int tries);

/// {"AccessKeyId", "SecretAccessKey", "Token" or "SessionToken", "Expiration"}, as programs and
/// metadata services answer. `source` goes into the credentials and the error.
Result<Credentials> parse_credential_document(const std::string& text, const std::string& source);

/// credential_process: runs the command and reads its answer (version 1).
Result<Credentials> from_process(CredentialPlaces& places, const std::string& command,
                                 const std::string& source, Time deadline);

/// The login of `aws sso login` that a profile names (sso_session, or sso_start_url).
Result<Credentials> from_sso(CredentialPlaces& places, const std::string& profile,
                             const Section& section, Time deadline);

/// AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI: ECS, EKS Pod Identity.
Found from_container(CredentialPlaces& places, Time deadline);
/// The instance's metadata service (IMDSv2), unless AWS_EC2_METADATA_DISABLED.
Found from_instance(CredentialPlaces& places, Time deadline);
/// AWS_ACCESS_KEY_ID and those with it.
Found from_environment(CredentialPlaces& places);

/// A role to take on, as a profile or the environment describes it.
struct RoleRequest {
  std::string arn, session_name, external_id, duration_seconds;
};
/// sts:AssumeRole with the credentials of `source`.
Result<Credentials> assume_role(CredentialPlaces& places, const RoleRequest& role,
                                const Credentials& source, Time deadline);
/// sts:AssumeRoleWithWebIdentity with the token in `token_file`.
Result<Credentials> assume_role_with_web_identity(CredentialPlaces& places, const RoleRequest& role,
                                                  const std::string& token_file, Time deadline);

}  // namespace rayctl::aws
