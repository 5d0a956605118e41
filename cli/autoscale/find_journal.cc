#include "cli/autoscale/find_journal.h"

#include "cli/autoscale/file_books.h"
#include "cli/cluster.h"

namespace rayctl {

Result<std::filesystem::path> find_journal(Session& session, const ClusterFlags& flags) {
  const std::filesystem::path named = flags.config;
  std::error_code problem;
  if (named.extension() == ".ndjson" || std::filesystem::is_directory(named, problem)) {
    take_output(session, flags.json, flags.no_color);
    return named;
  }
  const Result<ClusterName> name = cluster_name(session, flags);
  if (!name) return name.error();
  return autoscaler_folder(cluster_paths(*name, flags.state).folder);
}

}  // namespace rayctl
