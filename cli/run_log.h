#pragma once
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "applier/applier.h"
#include "model/json.h"

namespace rayctl {

/// Hands every event to several observers, in order.
class Broadcast final : public ApplyObserver {
 public:
  explicit Broadcast(std::vector<ApplyObserver*> observers) : observers_(std::move(observers)) {}
  void step_begun(const Step& step, Time at) override;
  void progress(const Step& step, const NodeName& node, std::string_view doing) override;
  void output(const NodeName& node, std::string_view phase, std::string_view text) override;
  void step_ended(const Step& step, const StepResult& result, Time at) override;

 private:
  std::vector<ApplyObserver*> observers_;
};

/// Keeps the log of a run: <folder>/events.jsonl (the same records as `apply --json`) and
/// <folder>/<node>.log (output of commands, each line with its phase; none of a node that just
/// ends). Folder 0700, files 0600. A
/// log that cannot be written is given up silently: a full disk must not end a run.
class RunLog final : public ApplyObserver {
 public:
  RunLog(std::filesystem::path folder, const Clock& clock);
  void step_begun(const Step& step, Time at) override;
  void progress(const Step& step, const NodeName& node, std::string_view doing) override;
  void output(const NodeName& node, std::string_view phase, std::string_view text) override;
  void step_ended(const Step& step, const StepResult& result, Time at) override;
  const std::filesystem::path& folder() const { return folder_; }

 private:
  void event(const Json& json);
  /// Appends to the node's log; the file is not kept open, since there may be thousands.
  void lines(const NodeName& node, std::string_view phase, const std::vector<std::string>& texts);

  std::filesystem::path folder_;
  const Clock& clock_;
  std::ofstream events_;
};

/// The event records of a run, as NDJSON has them.
Json begun_event(const Step& step, Time at);
Json progress_event(const Step& step, const NodeName& node, std::string_view doing, Time at);
Json output_event(const NodeName& node, std::string_view phase, std::string_view text, Time at);
Json ended_event(const Step& step, const StepResult& result, Time at);

/// What the lines of a node's log are marked with, and what `logs --phase` takes: "launch",
/// "files", "setup", "ray", ...
const char* phase_of(const Action& action);

/// "done", "failed", "skipped", "not-begun".
const char* to_text(StepResult::Outcome outcome);

}  // namespace rayctl
