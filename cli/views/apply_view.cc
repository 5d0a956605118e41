#include "cli/views/apply_view.h"

#include <condition_variable>
#include <map>
#include <mutex>
#include <ostream>
#include <thread>

#include "base/pace.h"
#include "cli/output.h"
#include "cli/run_log.h"
#include "cli/views/board.h"
#include "cli/views/node_list.h"
#include "cli/views/plan_rows.h"

namespace rayctl {
namespace {

/// One line per event, nothing redrawn: logs, pipes, CI.
class LinesView final : public ApplyView {
 public:
  LinesView(Session& session, std::string config)
      : session_(session), config_(std::move(config)), style_(err_style(session)) {}

  void say(const std::string& line) override {
    std::lock_guard guard(mutex_);
    session_.io.err << line << std::endl;
  }
  void step_begun(const Step& step, Time at) override {
    std::lock_guard guard(mutex_);
    silence_.insert_or_assign(step.id, Pace(kSilence, at));
  }
  void progress(const Step& step, const NodeName& node, std::string_view doing) override {
    // Set-up is what people wait for. The rest would be noise in a log, unless it takes long.
    const std::string line =
        "  " + node.text + "  " + effect_of(step.action) + ": " + printable(doing);
    if (!std::holds_alternative<SetUpNode>(step.action) && !due(step, line)) return;
    say(line);
  }
  void output(const NodeName&, std::string_view, std::string_view) override {}
  void step_ended(const Step& step, const StepResult& result, Time) override {
    std::vector<NodeName> nodes = nodes_of(step.action);
    std::string who = nodes.empty() ? "cluster" : node_list(nodes);
    if (result.outcome == StepResult::Outcome::kDone) {
      say("  " + who + "  " + effect_of(step.action) + " " + style_.green("✓") + " " +
          format_took(result.took));
    } else if (result.outcome == StepResult::Outcome::kFailed) {
      std::string text = render_failure(step, result.error, config_, style_);
      text.pop_back();
      say(text);
    }
  }

 private:
  static constexpr Millis kSilence{5'000};

  /// The step has been silent for so long that a line is welcome, if it is another one.
  bool due(const Step& step, const std::string& line) {
    std::lock_guard guard(mutex_);
    const auto pace = silence_.find(step.id);
    std::string& last = last_[step.id];
    if (line == last || pace == silence_.end() || !pace->second.due(session_.clock.now()))
      return false;
    last = line;
    return true;
  }

  Session& session_;
  std::string config_;
  Style style_;
  std::mutex mutex_;
  std::map<int, Pace> silence_;      ///< by step
  std::map<int, std::string> last_;  ///< what a step said last
};

class JsonView final : public ApplyView {
 public:
  explicit JsonView(Session& session) : session_(session) {}

  void say(const std::string& line) override { session_.io.err << line << std::endl; }
  void step_begun(const Step& step, Time at) override { event(begun_event(step, at)); }
  void progress(const Step& step, const NodeName& node, std::string_view doing) override {
    event(progress_event(step, node, doing, session_.clock.now()));
  }
  void output(const NodeName& node, std::string_view phase, std::string_view text) override {
    event(output_event(node, phase, text, session_.clock.now()));
  }
  void step_ended(const Step& step, const StepResult& result, Time at) override {
    event(ended_event(step, result, at));
  }

 private:
  void event(const Json& json) { show_event(session_, json); }

  Session& session_;
};

/// Redraws a Board in place. Failures are printed above it and stay.
class LiveBoard final : public ApplyView {
 public:
  LiveBoard(Session& session, const Plan& plan, std::string config)
      : session_(session), config_(std::move(config)), style_(err_style(session)), board_(plan) {
    ticker_ = std::jthread([this](std::stop_token stop) { tick(std::move(stop)); });
  }
  ~LiveBoard() override { finish(); }

  void finish() override {
    if (!ticker_.joinable()) return;
    ticker_.request_stop();
    ticker_.join();
    std::lock_guard guard(mutex_);
    draw();
  }
  void say(const std::string& line) override {
    std::lock_guard guard(mutex_);
    above(line + "\n");
  }
  void step_begun(const Step& step, Time at) override {
    std::lock_guard guard(mutex_);
    board_.begun(step, at);
  }
  void progress(const Step& step, const NodeName& node, std::string_view doing) override {
    std::lock_guard guard(mutex_);
    board_.progress(step, node, doing);
  }
  void output(const NodeName&, std::string_view, std::string_view) override {}
  void step_ended(const Step& step, const StepResult& result, Time at) override {
    std::lock_guard guard(mutex_);
    board_.ended(step, result, at);
    if (result.outcome == StepResult::Outcome::kFailed) {
      above(render_failure(step, result.error, config_, style_));
    }
  }

 private:
  void tick(std::stop_token stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
      draw();
      wake_.wait_for(lock, stop, Millis{200}, [] { return false; });
    }
  }
  std::string erase() const {
    return drawn_ == 0 ? "" : "\r\033[" + std::to_string(drawn_) + "A\033[J";
  }
  void draw() {
    auto [width, height] = session_.io.size();
    std::vector<std::string> lines = board_.render(session_.clock.now(), width, height - 2, style_);
    std::string text = erase();
    for (const std::string& line : lines)
      text += line + "\n";
    drawn_ = lines.size();
    session_.io.err << text << std::flush;
  }
  void above(const std::string& text) {
    session_.io.err << erase() << text;
    drawn_ = 0;
    draw();
  }

  Session& session_;
  std::string config_;
  Style style_;
  Board board_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::size_t drawn_ = 0;
  std::jthread ticker_;  // last: it uses all of the above
};

}  // namespace

std::unique_ptr<ApplyView> make_apply_view(Session& session, const Plan& plan,
                                           const std::string& config, bool aside) {
  if (session.json && !aside) return std::make_unique<JsonView>(session);
  bool live = session.io.err_terminal && !session.io.env("CI") &&
              session.io.env("TERM").value_or("dumb") != "dumb";
  if (live) return std::make_unique<LiveBoard>(session, plan, config);
  return std::make_unique<LinesView>(session, config);
}

}  // namespace rayctl
