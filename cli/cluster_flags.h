#pragma once
#include <optional>
#include <string>

#include "base/result.h"
#include "cli/flags.h"
#include "cli/session.h"
#include "model/config.h"

namespace rayctl {

/// The flags of every verb that works on one cluster.
struct ClusterFlags {
  std::string config;        ///< path of the YAML
  std::string cluster_name;  ///< instead of the YAML's
  std::string context;       ///< of the kubeconfig, instead of the YAML's or the current one
  std::string impersonate;   ///< a service account of Google Cloud, to act as
  std::string state;         ///< path of the state's database, instead of the default
  bool json = false;
  bool no_color = false;
  std::optional<int> min_workers, max_workers;  ///< only for verbs that declare them
  bool old_flags = false;                       ///< ParseOptions::old_flags
  std::string
      autoscaler;  ///< only for verbs that declare it; instead of the YAML's rayctl.autoscaler
};

/// CONFIG, -n, --context, --impersonate, --state, --json, --no-color.
void declare_cluster(Flags& flags, ClusterFlags& target, bool config_required = true);
/// --json and --no-color alone.
void declare_output(Flags& flags, bool& json, bool& no_color);
/// What the output flags say, taken into the session.
void take_output(Session& session, bool json, bool no_color);

/// Reads and checks the YAML. Mistakes and warnings are left in the session's diagnostics; with
/// mistakes among them the error is kConfigInvalid. Touches nothing but the file. With `mounts`,
/// file mounts whose source is missing are mistakes.
Result<Config> load_config(Session& session, const ClusterFlags& flags, bool mounts);

/// The cluster's name: -n, else that of the YAML (whose mounts need not be there).
Result<ClusterName> cluster_name(Session& session, const ClusterFlags& flags);

/// The kConfigInvalid error that stands for the mistakes found in `file`.
Error config_error(const Session& session, const std::string& file);

}  // namespace rayctl
