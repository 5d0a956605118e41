#pragma once
#include "providers/aws/credential_places.h"

namespace rayctl::aws {

/// Looks for credentials where every AWS tool does, in botocore's order: the environment, the
/// profile's role, a web identity, an SSO login, the credentials file, a credential_process, the
/// config file, the container, the instance. The first place that is set up decides: if it fails,
/// so does this. kCredentials with all that was looked at if there are none. Takes up to the
/// deadline; may ask services and run the profile's program.
Result<Credentials> find_credentials(CredentialPlaces& places, Time deadline);

/// Those of one profile: what find_credentials does between the environment and the container.
/// Empty if nothing is set up there.
Found from_profile(CredentialPlaces& places, Time deadline);

}  // namespace rayctl::aws
