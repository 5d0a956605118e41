#pragma once
#include <string>
#include <vector>

#include "applier/applier.h"

namespace rayctl {

/// Keeps what it is told. Calls never overlap, so it needs no lock of its own.
class FakeObserver final : public ApplyObserver {
 public:
  void step_begun(const Step& step, Time) override { begun.push_back(step.id); }
  void progress(const Step&, const NodeName& node, std::string_view doing) override {
    talk += node.text + ": " + std::string(doing) + "\n";
  }
  void output(const NodeName& node, std::string_view phase, std::string_view text) override {
    outputs += node.text + " " + std::string(phase) + ": " + std::string(text);
  }
  void step_ended(const Step& step, const StepResult&, Time) override { ended.push_back(step.id); }

  std::vector<int> begun, ended;
  std::string talk, outputs;
};

}  // namespace rayctl
