#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "model/config.h"
#include "providers/aws/credentials.h"
#include "providers/cloud_desk.h"
#include "providers/provider.h"

namespace rayctl::aws {

/// What a cluster's place in AWS is made from.
struct AwsSettings {
  Config config;  ///< type: aws
  Clock& clock;
  std::map<std::string, std::string> env;  ///< the variables that AWS's own tools read
  std::string home;                        ///< of the user: ~/.aws and ~/.ssh
  std::string who;                         ///< "ana@laptop": named in the rule of their address
  std::filesystem::path cache;             ///< folder for what is true of all clusters
  RunProgram run;                          ///< for credential_process
  /// The public line of a key that machines accept beside their key pair's, "" for none; asked for
  /// at each launch.
  std::function<std::string()> worker_key{};
};

struct AwsParts {
  std::unique_ptr<Provider> provider;
  std::unique_ptr<CloudDesk> desk;
  /// Path of the private key of the cluster's key pair; "" where the config brings its own, or it
  /// is not known yet.
  std::function<std::string()> key_file;
};

/// Asks nobody yet. kConfigInvalid without a region.
Result<AwsParts> make_aws(AwsSettings settings);

}  // namespace rayctl::aws
