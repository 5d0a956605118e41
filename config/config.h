#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/config.h"
#include "model/diagnostic.h"

namespace rayctl {

/// What parsing found. `config` is there only when there is no error among the diagnostics.
struct Parsed {
  std::optional<Config> config;
  std::vector<Diagnostic> diagnostics;  ///< in file order
};

struct ParseOptions {
  std::string home;                             ///< for "~" in local paths
  bool check_mounts = true;                     ///< report file mounts whose source is missing
  std::optional<std::string> cluster_name;      ///< --cluster-name
  std::optional<int> min_workers, max_workers;  ///< --min-workers, --max-workers
  std::optional<AutoscalerKind> autoscaler;     ///< --autoscaler
  bool old_flags = false;  ///< flags of Ray that were renamed are no mistakes: they will be
};

/// Reads Ray's cluster YAML in either form. Reports every problem it can find, not the first. Never
/// throws; input of any size, depth or alias count ends in diagnostics (limits: 50 MB refused with
/// a diagnostic, depth 100, 100,000 nodes after alias expansion).
Parsed parse_config(std::string_view yaml, const std::string& file, const ParseOptions& options);

/// "rayctl", "operator", "ray", "none"; nullopt for any other word.
std::optional<AutoscalerKind> autoscaler_kind(std::string_view word);
/// The word for it.
const char* to_text(AutoscalerKind kind);

/// JSON Schema (draft-07) of the YAML, for editors.
Json config_schema();

struct Migrated {
  std::string yaml;                  ///< the newer form
  std::vector<std::string> dropped;  ///< keys that have no counterpart, and why
};
/// The older form rewritten in the newer one; comments are not kept.
Result<Migrated> migrate_config(const Config& config);

}  // namespace rayctl
