#include "providers/aws/credential_chain.h"

#include <algorithm>

#include "base/files.h"
#include "base/text.h"

namespace rayctl::aws {
namespace {

/// The profiles that led here, each the source of the one before it.
using Trail = std::vector<std::string>;

std::string shown(const std::string& profile) {
  return "profile `" + profile + "`";
}

Found from_profile(CredentialPlaces& places, Trail& trail, Time deadline);

/// Keys that stand in a file as they are.
Found static_keys(const std::map<std::string, Section>& file, const std::string& path,
                  const std::string& profile) {
  const auto found = file.find(profile);
  if (found == file.end()) return std::nullopt;
  const Section& section = found->second;
  Credentials credentials;
  credentials.source = shown(profile) + " in " + path;
  credentials.key = {setting(section, "aws_access_key_id"),
                     setting(section, "aws_secret_access_key"),
                     setting(section, "aws_session_token")};
  if (credentials.key.session_token.empty()) {
    credentials.key.session_token = setting(section, "aws_security_token");
  }
  if (credentials.key.access_key.empty()) return std::nullopt;
  if (credentials.key.secret_key.empty()) {
    return credential_error(shown(profile) + " in " + path +
                            " has aws_access_key_id and no aws_secret_access_key");
  }
  return credentials;
}

Found any_static_keys(const CredentialPlaces& places, const std::string& profile) {
  const Profiles& profiles = places.profiles;
  Found found = static_keys(profiles.credentials, profiles.credentials_path, profile);
  return found ? found : static_keys(profiles.config, profiles.config_path, profile);
}

Result<Credentials> from_source_profile(CredentialPlaces& places, Trail& trail,
                                        const std::string& source, Time deadline) {
  if (!places.profiles.has(source)) {
    return credential_error(shown(trail.back()) + " has the source_profile `" + source +
                            "`, which is in no file");
  }
  // A profile may be its own source when it holds keys; nothing else may come round again.
  const bool itself = source == trail.back();
  const bool again = std::find(trail.begin(), trail.end(), source) != trail.end();
  if (itself || setting(places.profiles.merged(source), "role_arn").empty()) {
    if (const Found found = any_static_keys(places, source)) return *found;
  }
  if (again) {
    return credential_error("the source_profiles go in a circle: " + join(trail, ", ") + ", " +
                            source);
  }
  trail.push_back(source);
  const Found found = from_profile(places, trail, deadline);
  if (!found) return credential_error(shown(source) + ", a source_profile, has no credentials");
  return *found;
}

Result<Credentials> from_source_name(CredentialPlaces& places, const std::string& profile,
                                     const std::string& name, Time deadline) {
  Found found;
  if (name == "Environment") {
    found = from_environment(places);
  } else if (name == "EcsContainer") {
    found = from_container(places, deadline);
  } else if (name == "Ec2InstanceMetadata") {
    found = from_instance(places, deadline);
  } else {
    return credential_error(shown(profile) + " has an unknown credential_source `" + name +
                            "`: Environment, EcsContainer and Ec2InstanceMetadata are known");
  }
  if (found) return *found;
  return credential_error(shown(profile) + " has credential_source " + name + ", and " +
                          places.looked.back());
}

Result<Credentials> from_role(CredentialPlaces& places, Trail& trail, const Section& section,
                              Time deadline) {
  const std::string profile = trail.back();
  const std::string source_profile = setting(section, "source_profile");
  const std::string source_name = setting(section, "credential_source");
  if (source_profile.empty() == source_name.empty()) {
    return credential_error(shown(profile) +
                            " has a role_arn and needs one of source_profile, credential_source "
                            "and web_identity_token_file");
  }
  if (!setting(section, "mfa_serial").empty()) {
    return credential_error(
        shown(profile) +
        " needs a code of a second factor (mfa_serial), which nobody can be asked for here; take "
        "the role on with another tool and pass its keys in the environment");
  }
  const Result<Credentials> source =
      source_profile.empty() ? from_source_name(places, profile, source_name, deadline)
                             : from_source_profile(places, trail, source_profile, deadline);
  if (!source) return source.error();
  const RoleRequest role{setting(section, "role_arn"), setting(section, "role_session_name"),
                         setting(section, "external_id"), setting(section, "duration_seconds")};
  return assume_role(places, role, *source, deadline);
}

/// The environment's words count for the profile in use and not for those that it has as sources.
Found from_web_identity(CredentialPlaces& places, const Trail& trail, const Section& section,
                        Time deadline) {
  const auto configured = [&](const char* name, const char* in_profile) {
    const std::string text = trail.size() == 1 ? variable(places.env, name) : "";
    return text.empty() ? setting(section, in_profile) : text;
  };
  const std::string file = configured("AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file");
  if (file.empty()) return std::nullopt;
  const RoleRequest role{configured("AWS_ROLE_ARN", "role_arn"),
                         configured("AWS_ROLE_SESSION_NAME", "role_session_name"), "",
                         setting(section, "duration_seconds")};
  if (role.arn.empty()) {
    return credential_error("there is a web identity token (" + file + ") and no role for it");
  }
  return assume_role_with_web_identity(places, role,
                                       expand_home(file, variable(places.env, "HOME")), deadline);
}

Found from_profile(CredentialPlaces& places, Trail& trail, Time deadline) {
  const std::string profile = trail.back();
  const Profiles& profiles = places.profiles;
  const Section section = profiles.merged(profile);
  if (!setting(section, "role_arn").empty() &&
      setting(section, "web_identity_token_file").empty()) {
    return from_role(places, trail, section, deadline);
  }
  if (Found found = from_web_identity(places, trail, section, deadline)) return found;
  if (!setting(section, "sso_session").empty() || !setting(section, "sso_start_url").empty()) {
    // A session alone is for other services of the profile; a role makes credentials of it.
    const bool for_us =
        !setting(section, "sso_account_id").empty() || !setting(section, "sso_role_name").empty();
    if (for_us) return from_sso(places, profile, section, deadline);
  }
  if (Found found = static_keys(profiles.credentials, profiles.credentials_path, profile)) {
    return found;
  }
  if (const std::string command = setting(section, "credential_process"); !command.empty()) {
    return from_process(places, command, shown(profile), deadline);
  }
  if (Found found = static_keys(profiles.config, profiles.config_path, profile)) return found;
  for (const auto& [file, path] : {std::pair{&profiles.credentials, &profiles.credentials_path},
                                   std::pair{&profiles.config, &profiles.config_path}}) {
    places.looked.push_back(*path +
                            (file->contains(profile) ? " has no credentials in the " : " has no ") +
                            shown(profile));
  }
  return std::nullopt;
}

}  // namespace

Found from_profile(CredentialPlaces& places, Time deadline) {
  Trail trail = {places.profiles.name};
  return from_profile(places, trail, deadline);
}

Result<Credentials> find_credentials(CredentialPlaces& places, Time deadline) {
  if (Found found = from_environment(places)) return *found;
  const Profiles& profiles = places.profiles;
  if (profiles.named && profiles.name != "default" && !profiles.has(profiles.name)) {
    return credential_error("AWS_PROFILE names the profile `" + profiles.name +
                            "`, which is neither in " + profiles.config_path + " nor in " +
                            profiles.credentials_path);
  }
  if (Found found = from_profile(places, deadline)) return *found;
  if (Found found = from_container(places, deadline)) return *found;
  if (Found found = from_instance(places, deadline)) return *found;
  return credential_error("no AWS credentials: " + join(places.looked, "; "));
}

}  // namespace rayctl::aws
