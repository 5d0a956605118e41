#include "cli/run_log.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/files.h"
#include "base/text.h"
#include "cli/output.h"
#include "model/codec.h"

namespace rayctl {
namespace {

/// Opens a file to append to, for its owner only; -1 if that cannot be.
int open_log(const std::filesystem::path& path) {
  return ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

void append(const std::filesystem::path& path, std::string_view text) {
  const int file = open_log(path);
  if (file < 0) return;
  const ssize_t written = ::write(file, text.data(), text.size());
  static_cast<void>(written);  // a full disk must not end a run
  ::close(file);
}

/// Of a node that ends there is nothing to tell beside the events.
bool just_ends(const Step& step) {
  return std::holds_alternative<TerminateNode>(step.action);
}

Json nodes_json(const Step& step) {
  Json names = Json::array();
  for (const NodeName& node : nodes_of(step.action))
    names.push_back(node.text);
  return names;
}

/// A node's name comes from the YAML: it must not lead out of the folder.
std::string file_of(const NodeName& node) {
  std::string name = node.text;
  for (char& c : name) {
    if (c == '/' || c == '\0') c = '_';
  }
  return name + ".log";
}

}  // namespace

void Broadcast::step_begun(const Step& step, Time at) {
  for (ApplyObserver* each : observers_)
    each->step_begun(step, at);
}
void Broadcast::progress(const Step& step, const NodeName& node, std::string_view doing) {
  for (ApplyObserver* each : observers_)
    each->progress(step, node, doing);
}
void Broadcast::output(const NodeName& node, std::string_view phase, std::string_view text) {
  for (ApplyObserver* each : observers_)
    each->output(node, phase, text);
}
void Broadcast::step_ended(const Step& step, const StepResult& result, Time at) {
  for (ApplyObserver* each : observers_)
    each->step_ended(step, result, at);
}

const char* phase_of(const Action& action) {
  return std::visit(Overloaded{
                        [](const CreateNodes&) { return "launch"; },
                        [](const PrepareContainer&) { return "docker"; },
                        [](const SyncFiles&) { return "files"; },
                        [](const SyncFromHead&) { return "files"; },
                        [](const SetUpNode&) { return "setup"; },
                        [](const StartRay&) { return "ray"; },
                        [](const StopRay&) { return "ray"; },
                        [](const DrainNode&) { return "drain"; },
                        [](const TerminateNode&) { return "terminate"; },
                        [](const AdoptNode&) { return "record"; },
                        [](const ForgetNode&) { return "record"; },
                        [](const CloseOp&) { return "record"; },
                        [](const ConfigureAutoscaler&) { return "record"; },
                        [](const MakeResource&) { return "resource"; },
                        [](const RemoveResource&) { return "resource"; },
                    },
                    action);
}

const char* to_text(StepResult::Outcome outcome) {
  switch (outcome) {
    case StepResult::Outcome::kDone:
      return "done";
    case StepResult::Outcome::kFailed:
      return "failed";
    case StepResult::Outcome::kSkipped:
      return "skipped";
    case StepResult::Outcome::kNotBegun:
      return "not-begun";
  }
  return "done";
}

Json begun_event(const Step& step, Time at) {
  return {{"type", "step-begun"},
          {"at", format_time(at)},
          {"step", step.id},
          {"verb", verb_of(step.action)},
          {"nodes", nodes_json(step)}};
}

Json progress_event(const Step& step, const NodeName& node, std::string_view doing, Time at) {
  return {{"type", "progress"},
          {"at", format_time(at)},
          {"step", step.id},
          {"node", node.text},
          {"doing", doing}};
}

Json output_event(const NodeName& node, std::string_view phase, std::string_view text, Time at) {
  return {{"type", "output"},
          {"at", format_time(at)},
          {"node", node.text},
          {"phase", phase},
          {"text", text}};
}

Json ended_event(const Step& step, const StepResult& result, Time at) {
  bool failed = result.outcome == StepResult::Outcome::kFailed;
  return {{"type", "step-ended"},
          {"at", format_time(at)},
          {"step", step.id},
          {"verb", verb_of(step.action)},
          {"nodes", nodes_json(step)},
          {"outcome", to_text(result.outcome)},
          {"took_ms", result.took.count()},
          {"error", failed ? to_json(result.error) : Json()}};
}

RunLog::RunLog(std::filesystem::path folder, const Clock& clock)
    : folder_(std::move(folder)), clock_(clock) {
  const std::filesystem::path events = folder_ / "events.jsonl";
  if (make_directories(folder_)) {
    if (const int made = open_log(events); made >= 0) ::close(made);
    events_.open(events, std::ios::app | std::ios::binary);
  }
  event(version_event());
}

void RunLog::event(const Json& json) {
  events_ << json_line(json) << std::flush;
}

void RunLog::lines(const NodeName& node, std::string_view phase,
                   const std::vector<std::string>& texts) {
  const std::string begin = format_time(clock_.now()) + " " + std::string(phase) + " | ";
  std::string all;
  for (const std::string& text : texts)
    all += begin + text + "\n";
  append(folder_ / file_of(node), all);
}

void RunLog::step_begun(const Step& step, Time at) {
  event(begun_event(step, at));
  if (just_ends(step)) return;
  for (const NodeName& node : nodes_of(step.action))
    lines(node, phase_of(step.action), {std::string("begun: ") + verb_of(step.action)});
}

void RunLog::progress(const Step& step, const NodeName& node, std::string_view doing) {
  event(progress_event(step, node, doing, clock_.now()));
  if (!just_ends(step)) lines(node, phase_of(step.action), {std::string(doing)});
}

void RunLog::output(const NodeName& node, std::string_view phase, std::string_view text) {
  event(output_event(node, phase, text, clock_.now()));
  std::vector<std::string> indented;
  for (const std::string& each : split(trim(text), '\n'))
    indented.push_back("  " + each);
  lines(node, phase, indented);
}

void RunLog::step_ended(const Step& step, const StepResult& result, Time at) {
  event(ended_event(step, result, at));
  const bool failed = result.outcome == StepResult::Outcome::kFailed;
  if (just_ends(step) && !failed) return;
  for (const NodeName& node : nodes_of(step.action)) {
    lines(node, phase_of(step.action),
          {to_text(result.outcome) + (failed ? ": " + result.error.message : std::string())});
  }
}

}  // namespace rayctl
