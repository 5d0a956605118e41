#pragma once
#include <map>
#include <string>
#include <vector>

#include "applier/applier.h"
#include "cli/views/style.h"
#include "model/plan.h"

namespace rayctl {

/// What is known of a run under way: a line per node with its phases and their times. Passive; the
/// terminal and its clock are the business of LiveBoard. Not thread-safe.
class Board {
 public:
  explicit Board(const Plan& plan);

  void begun(const Step& step, Time at);
  void progress(const Step& step, const NodeName& node, std::string_view doing);
  void ended(const Step& step, const StepResult& result, Time at);

  /// At most `height` lines of at most `width` columns. Where the nodes do not fit, those at work
  /// and those that failed come first and the rest is counted in the last line.
  std::vector<std::string> render(Time now, int width, int height, const Style& style) const;

 private:
  struct Stage {
    int step = 0;
    std::string effect;
    enum class State { kAtWork, kDone, kFailed } state = State::kAtWork;
    Time begun;
    Millis took{0};
    std::string doing;
  };
  struct Row {
    std::vector<Stage> stages;
    int left = 0;  ///< steps of this node that have not ended
    bool failed = false;
  };
  std::string line(const NodeName& node, const Row& row, Time now, int width,
                   const Style& style) const;

  std::map<NodeName, Row> rows_;
  std::vector<NodeName> order_;
  std::size_t name_width_ = 0;
};

/// "1.8 s", "21 s", "3 min".
std::string format_took(Millis took);
/// What a failed step says where it failed: code, message, the command's last lines, what to do.
std::string render_failure(const Step& step, const Error& error, const std::string& config,
                           const Style& style);

/// What a finished run comes to, in changes: one per node. Steps about no node count where there
/// are no others, or where they did not succeed.
struct ChangeCount {
  int done = 0, failed = 0, waiting = 0;  ///< waiting: skipped or not begun
  int total() const { return done + failed + waiting; }
};
ChangeCount count_changes(const Plan& plan, const ApplyReport& report);
/// "Applied 3 of 4 changes; 1 failed. State is saved (serial 44); running again is safe."
std::string closing_line(const Plan& plan, const ApplyReport& report);

}  // namespace rayctl
