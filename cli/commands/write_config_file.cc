#include "cli/commands/write_config_file.h"

#include <filesystem>
#include <ostream>

#include "base/files.h"
#include "base/text.h"
#include "cli/cluster.h"
#include "cli/output.h"
#include "cli/write_config.h"
#include "config/config.h"
#include "config/emit.h"

namespace rayctl {
namespace {

constexpr Millis kCall{60'000};

}  // namespace

Result<int> write_config_file(Session& session, const ClusterFlags& cluster_flags,
                              const WriteConfigFlags& flags) {
  take_output(session, cluster_flags.json, cluster_flags.no_color);
  if (!cluster_flags.config.empty() || cluster_flags.cluster_name.empty() || flags.region.empty()) {
    return permanent(ErrorCode::kUsage,
                     "--write-config takes --cluster-name and --region, and no CONFIG");
  }
  std::error_code problem;
  if (std::filesystem::exists(flags.path, problem)) {
    return permanent(ErrorCode::kUsage, flags.path + " is there already, and is left as it is");
  }
  const Parsed parsed = parse_config(
      emit_yaml({{"cluster_name", cluster_flags.cluster_name},
                 {"provider", {{"type", flags.provider}, {"region", flags.region}}},
                 {"available_node_types", {{"head", {{"node_config", Json::object()}}}}},
                 {"head_node_type", "head"}}),
      "--write-config", {.home = home_directory()});
  if (!parsed.config) {
    return permanent(ErrorCode::kUsage, parsed.diagnostics.empty()
                                            ? "there is no such cluster"
                                            : parsed.diagnostics.front().summary);
  }
  const Config& config = *parsed.config;
  Result<std::unique_ptr<Cluster>> cluster =
      Cluster::open(session, config, cluster_paths(config.cluster, cluster_flags.state));
  if (!cluster) return cluster.error();
  Result<CloudDesk*> desk = (*cluster)->desk();
  if (!desk) return desk.error();
  Result<std::vector<LaunchFacts>> machines =
      (*desk)->launch_facts(config.cluster, session.clock.now() + kCall);
  if (!machines) return machines.error();
  Result<std::vector<TaggedThing>> things = (*desk)->list_tagged(session.clock.now() + kCall);
  if (!things) return things.error();
  const std::size_t count = machines->size();
  Result<WrittenConfig> made =
      write_config(config.cluster, config.provider, flags.region, *std::move(machines), *things);
  if (!made) return made.error();
  if (Result<> done = write_file_atomic(flags.path, made->yaml, 0644); !done) return done.error();
  if (session.json) {
    show_json(session, {{"format_version", kOutputFormat},
                        {"machines", count},
                        {"not_known", made->unknown},
                        {"written", flags.path}});
    return 0;
  }
  session.io.out << "Wrote " << flags.path << " from " << plural(count, "machine")
                 << ". Not known is:\n";
  for (const std::string& each : made->unknown)
    session.io.out << "  - " << each << "\n";
  session.io.out << "Complete it, then: rayctl import " << flags.path << "\n";
  return 0;
}

}  // namespace rayctl
