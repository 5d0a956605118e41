#include <iostream>
#include <sstream>

#include "autoscaler/scheduler_case.h"
#include "base/files.h"
#include "base/text.h"
#include "cli/cluster_flags.h"
#include "cli/commands/verbs.h"
#include "cli/output.h"

namespace rayctl {
namespace {

class AutoscalerDecideVerb final : public Verb {
 public:
  void declare(Flags& flags) override {
    flags.value("--cases", cases_);
    declare_output(flags, json_, no_color_);
  }

  Result<int> run(Session& session) override {
    take_output(session, json_, no_color_);
    if (cases_.empty()) {
      return permanent(ErrorCode::kUsage, "--cases FILE says which cases to decide");
    }
    Result<std::string> text = read_file(cases_);
    if (!text) return text.error();
    std::size_t number = 0;
    for (const std::string& line : split(*text, '\n')) {
      ++number;
      if (trim(line).empty()) continue;
      Result<SchedulerCase> one = read_scheduler_case(line);
      if (!one) return in_context(one.error(), cases_ + " line " + std::to_string(number));
      session.io.out << scheduler_answer(*one, decide(*one)).dump() << "\n";
    }
    return 0;
  }

 private:
  std::string cases_;
  bool json_ = false, no_color_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_autoscaler_decide_verb() {
  return std::make_unique<AutoscalerDecideVerb>();
}

}  // namespace rayctl
