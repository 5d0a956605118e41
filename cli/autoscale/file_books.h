#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "cli/autoscale/books.h"
#include "cli/autoscale/tick_log.h"
#include "model/json.h"

namespace rayctl {

/// Where a loop keeps its books: `<cluster's folder>/autoscaler`.
std::filesystem::path autoscaler_folder(const std::filesystem::path& cluster_folder);

/// Books in files of a folder (0700, files 0600): memory.json, ticks-*.ndjson, pause.json,
/// status.json, autoscaler.log.
class FileBooks final : public Books {
 public:
  explicit FileBooks(std::filesystem::path folder);
  Memory memory() override;
  void keep(const Ticked& tick, const Config& config) override;
  Pause pause() override { return read_pause(folder_); }
  void show(const LoopStatus& status) override;
  void log(Time at, const std::string& line) override;

  static Pause read_pause(const std::filesystem::path& folder);
  static Result<> write_pause(const std::filesystem::path& folder, const Pause& pause);
  /// What the loop last showed; null if it never did.
  static Json read_status(const std::filesystem::path& folder);

 private:
  const std::filesystem::path folder_;
  std::optional<TickLog> ticks_;
};

}  // namespace rayctl
