#include "cli/cluster_flags.h"

#include "base/files.h"
#include "base/text.h"
#include "cli/secrets.h"
#include "cli/views/diagnostic_view.h"
#include "config/config.h"

namespace rayctl {
namespace {

constexpr std::size_t kLargest = 60U << 20;  // more than the parser takes, so that it can say so

}  // namespace

void declare_output(Flags& flags, bool& json, bool& no_color) {
  flags.flag("--json", json);
  flags.flag("--no-color", no_color);
}

void declare_cluster(Flags& flags, ClusterFlags& target, bool config_required) {
  flags.argument("CONFIG", target.config, config_required);
  flags.value("-n,--cluster-name", target.cluster_name);
  flags.value("--context", target.context);
  flags.value("--impersonate", target.impersonate);
  flags.value("--state", target.state);
  declare_output(flags, target.json, target.no_color);
}

void take_output(Session& session, bool json, bool no_color) {
  session.json = json;
  session.no_color = no_color;
}

Error config_error(const Session& session, const std::string& file) {
  std::vector<Diagnostic> errors;
  ErrorCode code = ErrorCode::kConfigInvalid;
  for (const Diagnostic& each : session.diagnostics) {
    if (each.severity != Severity::kError) continue;
    if (errors.empty()) code = each.code;
    errors.push_back(each);
  }
  return permanent(code, count_diagnostics(errors) + " in " + file +
                             ". Nothing was read from or sent to any cloud.");
}

Result<Config> load_config(Session& session, const ClusterFlags& flags, bool mounts) {
  take_output(session, flags.json, flags.no_color);
  session.context = flags.context;
  session.impersonate = flags.impersonate;
  Result<std::string> text = read_file(flags.config, kLargest);
  if (!text) return permanent(ErrorCode::kConfigUnreadable, text.error().message);
  ParseOptions options{
      .home = home_directory(), .check_mounts = mounts, .old_flags = flags.old_flags};
  if (!flags.cluster_name.empty()) options.cluster_name = flags.cluster_name;
  options.min_workers = flags.min_workers;
  options.max_workers = flags.max_workers;
  if (!flags.autoscaler.empty()) {
    options.autoscaler = autoscaler_kind(flags.autoscaler);
    if (!options.autoscaler) {
      return permanent(
          ErrorCode::kUsage,
          "--autoscaler takes rayctl, operator, ray or none, not `" + flags.autoscaler + "`");
    }
  }
  Parsed parsed = parse_config(*text, flags.config, options);
  session.sources[flags.config] = *std::move(text);
  for (Diagnostic& each : parsed.diagnostics)
    session.diagnostics.push_back(std::move(each));
  if (!parsed.config || has_errors(session.diagnostics)) return config_error(session, flags.config);
  hide_inline_secrets(session, *parsed.config);
  return *std::move(parsed.config);
}

Result<ClusterName> cluster_name(Session& session, const ClusterFlags& flags) {
  take_output(session, flags.json, flags.no_color);
  if (flags.config.empty()) {
    if (!flags.cluster_name.empty()) return ClusterName{flags.cluster_name};
    return permanent(ErrorCode::kUsage, "name the cluster's YAML, or the cluster with -n");
  }
  Result<Config> config = load_config(session, flags, false);
  if (!config) return config.error();
  session.diagnostics.clear();  // warnings are for those who plan
  return config->cluster;
}

}  // namespace rayctl
