#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rayctl::aws {

/// Variables of an environment.
using Environment = std::map<std::string, std::string>;
/// A variable, "" where it is not set.
std::string variable(const Environment& env, const std::string& name);
/// Whether a variable says yes: "true" in any case.
bool is_true(const Environment& env, const std::string& name);

/// Settings of a section of the AWS tools' files. One that is nested below another ("ec2 =" with
/// "  endpoint_url = x" after it) is "ec2.endpoint_url".
using Section = std::map<std::string, std::string>;
/// A setting, "" where there is none.
std::string setting(const Section& section, const std::string& name);

/// Sections by what stands between their brackets. `file` is for the message: kPermanent,
/// kCredentials with the line that cannot be read. Never a value in it. Pure.
Result<std::map<std::string, Section>> parse_ini(std::string_view text, const std::string& file);

/// What the files of the AWS tools hold: ~/.aws/config (AWS_CONFIG_FILE) and ~/.aws/credentials
/// (AWS_SHARED_CREDENTIALS_FILE).
struct Profiles {
  std::string name = "default";  ///< of the profile in use: AWS_PROFILE, AWS_DEFAULT_PROFILE
  bool named = false;            ///< a variable chose it
  std::string config_path, credentials_path;
  std::map<std::string, Section> config, credentials;     ///< by profile
  std::map<std::string, Section> sso_sessions, services;  ///< of the config file, by name

  bool has(const std::string& profile) const;
  /// All settings of a profile; those of the credentials file win. Empty if there is none.
  Section merged(const std::string& profile) const;
};

/// Reads them; a file that is not there is empty.
Result<Profiles> load_profiles(const Environment& env);

}  // namespace rayctl::aws
