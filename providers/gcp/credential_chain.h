#pragma once
#include "providers/gcp/credential_places.h"

namespace rayctl::gcp {

/// Looks for a token where every program of Google's does (application default credentials):
/// provider.gcp_credentials, the file of GOOGLE_APPLICATION_CREDENTIALS, the file that `gcloud auth
/// application-default login` writes, the metadata server; and takes on the account to act as. The
/// first place that is set up decides: if it fails, so does this. kCredentials with all that was
/// looked at if there is none. Takes up to the deadline; may ask services and run a program.
Result<Token> find_token(CredentialPlaces& places, Time deadline);

/// The project to work in, as Client::project has it.
Result<Project> find_project(CredentialPlaces& places, const std::string& configured,
                             Time deadline);

}  // namespace rayctl::gcp
