#include "cli/autoscale/service.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "cli/autoscale/service_scripts.h"
#include "transport/op_scripts.h"

namespace rayctl {
namespace {

constexpr char kPrefix[] = "bundle-";

constexpr std::array<std::pair<const char*, AtBoot>, 4> kWays{
    {{"nothing", AtBoot::kNothing},
     {"systemd", AtBoot::kSystemd},
     {"systemd-user", AtBoot::kSystemdUser},
     {"cron", AtBoot::kCron}}};

/// A cluster's id becomes part of file names.
std::string plain(const std::string& text) {
  std::string made = text.empty() ? "unnamed" : text;
  for (char& c : made) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-' && c != '_') c = '_';
  }
  return made;
}

Result<std::string> bundle_of(const std::string& folder) {
  const std::string name = split(folder, '/').back();
  if (name.starts_with(kPrefix)) return name.substr(sizeof kPrefix - 1);
  return permanent(ErrorCode::kInternal, "not a bundle: " + folder);
}

Command supervised(const std::string& folder) {
  Command command{{"sh", "-c", service_run_script(), "rayctl-autoscaler", folder}, {}, ""};
  command.plain = true;
  return command;
}

/// The shell line that starts an operation without us.
std::string starting_line(const OpToken& token, const Command& command) {
  std::vector<std::string> words{"sh",       "-c", op_start_script(), "rayctl-op",
                                 token.text, "0",  op_run_script()};
  words.insert(words.end(), command.argv.begin(), command.argv.end());
  std::string line = "exec";
  for (const std::string& word : words)
    line += " " + shell_quote(word);
  return line + "\n";
}

Result<std::string> run_script(CommandRunner& runner, Command command, const char* doing,
                               Time deadline) {
  command.plain = true;
  const Result<CommandOutput> ran = runner.run(command, deadline);
  const std::string cannot = std::string("cannot ") + doing;
  if (!ran) return in_context(ran.error(), cannot);
  if (ran->exit_code == 0) return trim(ran->out);
  Error error = unknown_outcome(ErrorCode::kCommandFailed, cannot);
  error.context = last_lines(ran->err, 3);
  return error;
}

}  // namespace

const char* to_text(AtBoot by) {
  switch (by) {
    case AtBoot::kSystemd:
      return "systemd";
    case AtBoot::kSystemdUser:
      return "systemd (user)";
    case AtBoot::kCron:
      return "cron";
    case AtBoot::kNothing:
      break;
  }
  return "nothing";
}

AutoscalerService::AutoscalerService(CommandRunner& runner, Clock& clock, const ClusterId& cluster,
                                     std::string root)
    : runner_(runner), clock_(clock), cluster_(plain(cluster.text)), root_(std::move(root)) {}

OpToken AutoscalerService::token(const std::string& bundle) const {
  return {"autoscaler-" + cluster_ + "-" + bundle};
}

Result<OpStatus> AutoscalerService::start(const std::string& folder, Time deadline) {
  const Result<std::string> bundle = bundle_of(folder);
  if (!bundle) return bundle.error();
  return start_op(runner_, token(*bundle), supervised(folder), deadline);
}

Result<AtBoot> AutoscalerService::start_at_boot(const std::string& folder, Time deadline) {
  const Result<std::string> bundle = bundle_of(folder);
  if (!bundle) return bundle.error();
  const Result<std::string> said =
      run_script(runner_,
                 {{"sh", "-c", service_boot_script(), "rayctl-service", cluster_, root_},
                  {},
                  starting_line(token(*bundle), supervised(folder))},
                 "have the autoscaler started at boot", deadline);
  if (!said) return said.error();
  const auto way = std::find_if(kWays.begin(), kWays.end(),
                                [&](const auto& each) { return *said == each.first; });
  if (way != kWays.end()) return way->second;
  return unknown_outcome(ErrorCode::kCommandFailed,
                         "the machine's answer about its start makes no sense: " + *said);
}

Result<std::vector<ServiceRun>> AutoscalerService::runs(Time deadline) {
  const std::string prefix = token("").text;
  const Result<std::string> names = run_script(
      runner_,
      {{"sh", "-c", "for d in ~/.rayctl/ops/\"$1\"*; do [ ! -d \"$d\" ] || echo \"${d##*/}\"; done",
        "rayctl-service", prefix},
       {},
       ""},
      "list autoscalers", deadline);
  if (!names) return names.error();
  std::vector<ServiceRun> runs;
  for (const std::string& name : split(*names, '\n')) {
    if (!name.starts_with(prefix)) continue;
    const Result<OpStatus> status = op_status(runner_, {name}, deadline);
    if (!status) return status.error();
    runs.push_back({{name.substr(prefix.size())}, *status});
  }
  return runs;
}

Result<std::string> AutoscalerService::output(const Digest& bundle, std::size_t bytes,
                                              Time deadline) {
  return op_output(runner_, token(bundle.text), bytes, deadline);
}

Result<> AutoscalerService::stop(const Digest& bundle, Millis grace, Time deadline) {
  return stop_op(runner_, token(bundle.text), grace, clock_, deadline);
}

Result<> AutoscalerService::stop_others(const Digest& keep, Millis grace, Time deadline) {
  const Result<std::vector<ServiceRun>> all = runs(deadline);
  if (!all) return all.error();
  for (const ServiceRun& run : *all) {
    if (run.bundle == keep) continue;
    if (Result<> stopped = stop(run.bundle, grace, deadline); !stopped) return stopped;
  }
  return {};
}

Result<> AutoscalerService::stop_all(Millis grace, Time deadline) {
  const Result<std::string> off = run_script(
      runner_, {{"sh", "-c", service_no_boot_script(), "rayctl-service", cluster_, root_}, {}, ""},
      "take back the autoscaler's start at boot", deadline);
  if (!off) return off.error();
  return stop_others({}, grace, deadline);
}

}  // namespace rayctl
