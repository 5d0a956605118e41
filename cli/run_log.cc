#include "cli/run_log.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/files.h"
#include "base/text.h"
#include "cli/output.h"
#include "model/codec.h"

namespace rayctl {
namespace {

/// Opens a file to append to, for its owner only.
std::ofstream open_log(const std::filesystem::path& path) {
  int made = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (made >= 0) close(made);
  return std::ofstream(path, std::ios::app | std::ios::binary);
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
  if (make_directories(folder_)) events_ = open_log(folder_ / "events.jsonl");
  event(version_event());
}

void RunLog::event(const Json& json) {
  events_ << json_line(json) << std::flush;
}

std::ofstream& RunLog::log_of(const NodeName& node) {
  auto found = logs_.find(node);
  if (found == logs_.end()) found = logs_.emplace(node, open_log(folder_ / file_of(node))).first;
  return found->second;
}

void RunLog::line(const NodeName& node, std::string_view phase, std::string_view text) {
  log_of(node) << format_time(clock_.now()) << " " << phase << " | " << text << "\n";
}

void RunLog::step_begun(const Step& step, Time at) {
  event(begun_event(step, at));
  for (const NodeName& node : nodes_of(step.action)) {
    line(node, phase_of(step.action), std::string("begun: ") + verb_of(step.action));
  }
}

void RunLog::progress(const Step& step, const NodeName& node, std::string_view doing) {
  event(progress_event(step, node, doing, clock_.now()));
  line(node, phase_of(step.action), doing);
}

void RunLog::output(const NodeName& node, std::string_view phase, std::string_view text) {
  event(output_event(node, phase, text, clock_.now()));
  for (const std::string& each : split(trim(text), '\n'))
    line(node, phase, "  " + each);
  log_of(node).flush();
}

void RunLog::step_ended(const Step& step, const StepResult& result, Time at) {
  event(ended_event(step, result, at));
  bool failed = result.outcome == StepResult::Outcome::kFailed;
  for (const NodeName& node : nodes_of(step.action)) {
    line(node, phase_of(step.action),
         std::string(to_text(result.outcome)) +
             (failed ? ": " + result.error.message : std::string()));
    log_of(node).flush();
  }
}

}  // namespace rayctl
