#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "model/config.h"
#include "providers/cloud_desk.h"
#include "providers/gcp/credentials.h"
#include "providers/provider.h"

namespace rayctl::gcp {

/// What a cluster's place in Google Cloud is made from.
struct GcpSettings {
  Config config;  ///< type: gcp
  Clock& clock;
  std::map<std::string, std::string> env;  ///< the variables that Google's own tools read
  std::string home;                        ///< of the user: ~/.config/gcloud and ~/.ssh
  std::string who;                         ///< "ana@laptop": named in the rule of their address
  std::filesystem::path cache;             ///< folder for what is true of all clusters
  RunProgram run;                          ///< for executables of identity federation
  std::string impersonate;                 ///< the service account to act as; "": nobody
  /// The public line of a key that machines accept beside their key pair's, "" for none; asked for
  /// at each launch.
  std::function<std::string()> worker_key{};
};

struct GcpParts {
  std::unique_ptr<Provider> provider;
  std::unique_ptr<CloudDesk> desk;
  /// Path of the private key of the cluster's key pair; "" where the config brings its own, or it
  /// is not known yet.
  std::function<std::string()> key_file;
};

/// Asks nobody, unless neither config nor environment names the project. kConfigInvalid without a
/// region; kCredentials if the project is nowhere to be found.
Result<GcpParts> make_gcp(GcpSettings settings);

}  // namespace rayctl::gcp
