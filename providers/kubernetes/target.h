#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/json.h"

namespace rayctl::kubernetes {

using Environment = std::map<std::string, std::string>;

/// A program that knows credentials (the `exec` of a kubeconfig's user).
struct ExecPlugin {
  std::string version;  ///< client.authentication.k8s.io/v1 or .../v1beta1
  std::string command;  ///< a path, or a name to look for in PATH
  std::vector<std::string> args;
  Environment env;  ///< added to ours
  std::string install_hint;
  bool give_cluster = false;  ///< provideClusterInfo
  bool operator==(const ExecPlugin&) const = default;
};

/// Who we are, as a kubeconfig says it. Files are absolute; contents are PEM.
struct User {
  std::string certificate, certificate_file;
  std::string key, key_file;
  std::string token, token_file;  ///< the file wins
  std::string username, password;
  std::optional<ExecPlugin> exec;
  /// Impersonate-...: whom we act for, as the headers that say so.
  std::vector<std::pair<std::string, std::string>> impersonate;
  bool operator==(const User&) const = default;
};

/// Where the API is.
struct Cluster {
  std::string server;       ///< http:// or https://, perhaps with a path, no slash at its end
  std::string ca;           ///< PEM; "": what the machine trusts
  std::string server_name;  ///< tls-server-name
  std::string proxy;        ///< proxy-url
  bool insecure = false;    ///< insecure-skip-tls-verify
  Json exec_config;         ///< for a plugin that asks for the cluster; null if there is none
  bool operator==(const Cluster&) const = default;
};

/// What is spoken to, and as whom.
struct Target {
  std::string context;  ///< its name in the kubeconfig; "" inside of a cluster
  std::string space;    ///< the namespace; never ""
  std::string user_name;
  Cluster cluster;
  User user;
  std::string source;  ///< the kubeconfig's path, or "the service account of this pod"
  bool operator==(const Target&) const = default;
};

}  // namespace rayctl::kubernetes
