#pragma once
#include <memory>
#include <string>

#include "applier/applier.h"
#include "cli/session.h"
#include "model/plan.h"

namespace rayctl {

/// Shows a run to whoever watches. Before the closing line is printed, `finish` must be called.
class ApplyView : public ApplyObserver {
 public:
  /// Takes what is drawn off the screen, leaving the final lines.
  virtual void finish() {}
  /// A line for people, between events: "Stopping: ...". Thread-safe.
  virtual void say(const std::string& line) = 0;
};

/// A board that is redrawn where `err` is a terminal, plain lines elsewhere, NDJSON on `out` in
/// JSON mode unless `aside`. `config` is what the user called the cluster's file, for hints.
std::unique_ptr<ApplyView> make_apply_view(Session& session, const Plan& plan,
                                           const std::string& config, bool aside = false);

}  // namespace rayctl
