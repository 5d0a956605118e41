#include "providers/gcp/credential_places.h"

namespace rayctl::gcp {

Result<Token> token_of_file(CredentialPlaces& places, const CredentialFile& file, Time deadline) {
  const std::string universe = text_of(file.json, "universe_domain");
  if (!universe.empty() && universe != "googleapis.com") {
    return credential_error(file.place + " is of the universe " + universe +
                            "; only googleapis.com is supported");
  }
  const std::string type = text_of(file.json, "type");
  if (type == "service_account") return from_service_account(places, file, deadline);
  if (type == "authorized_user") return from_authorized_user(places, file, deadline);
  if (type == "external_account") return from_external_account(places, file, deadline);
  if (type == "impersonated_service_account") return from_impersonated(places, file, deadline);
  if (type == "external_account_authorized_user") {
    return from_external_user(places, file, deadline);
  }
  return credential_error(
      file.place + " is of the type `" + type +
      "`, which is not supported; service_account, authorized_user, external_account, "
      "external_account_authorized_user and impersonated_service_account are");
}

}  // namespace rayctl::gcp
