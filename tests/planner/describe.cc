#include <sstream>

#include "base/text.h"
#include "model/codec.h"
#include "tests/planner/world.h"

namespace rayctl::planning {
namespace {

std::string what(const Action& action) {
  return std::visit(Overloaded{
                        [](const CreateNodes& a) { return "of type " + a.type.text; },
                        [](const PrepareContainer& a) { return "docker " + a.docker.text; },
                        [](const SyncFiles& a) { return "files " + a.files.text; },
                        [](const SyncFromHead& a) { return "synced " + a.synced.text; },
                        [](const SetUpNode& a) { return "setup " + a.setup.text; },
                        [](const StartRay& a) { return "start " + a.start.text; },
                        [](const StopRay&) { return std::string(); },
                        [](const DrainNode& a) {
                          return a.id.text + " within " + format_age(a.patience) +
                                 (a.if_idle ? " if idle" : "");
                        },
                        [](const TerminateNode& a) { return a.id.text; },
                        [](const AdoptNode& a) { return a.id.text + " as " + a.type.text; },
                        [](const ForgetNode&) { return std::string(); },
                        [](const CloseOp& a) { return a.token.text; },
                        [](const ConfigureAutoscaler& a) { return a.autoscaler.text; },
                        [](const MakeResource& a) { return a.resource.text; },
                        [](const RemoveResource& a) { return a.resource.text; },
                    },
                    action);
}

void describe(std::ostream& out, const Step& step) {
  std::vector<std::string> nodes;
  for (const NodeName& node : nodes_of(step.action))
    nodes.push_back(node.text);
  out << step.id << ". " << join({verb_of(step.action), join(nodes, ","), what(step.action)}, " ")
      << "\n      " << to_text(step.reason) << ": " << step.because << "\n";
  const auto line = [&](const char* label, const std::string& text) {
    if (!text.empty()) out << "      " << label << " " << text << "\n";
  };
  line("fields", join(step.fields, ", "));
  for (const MountChange& each : step.sends)
    line("sends", each.mount + " " + to_text(each.delta));
  line("disturbs", step.disturbs);
  line("resumes", step.resume ? step.resume->text : "");
  std::vector<std::string> ids;
  for (const int id : step.after)
    ids.push_back(std::to_string(id));
  line("after", join(ids, " "));
  std::string pre = step.pre.id ? step.pre.id->text : "";
  if (step.pre.power) pre += std::string(" ") + to_text(*step.pre.power);
  if (step.pre.last_applied)
    pre += " launch " + step.pre.last_applied->launch.text + " setup " +
           step.pre.last_applied->setup.text;
  line("if", pre);
}

}  // namespace

std::string describe(const Plan& plan) {
  std::ostringstream out;
  for (const Step& step : plan.steps)
    describe(out, step);
  if (plan.steps.empty()) out << "nothing to do\n";
  for (const LeftOut& left : plan.left_out)
    out << "left out: " << left.node.text << ": " << left.what << " (" << left.because << ")\n";
  for (const std::string& spot : plan.blind_spots)
    out << "blind spot: " << spot << "\n";
  for (const Diagnostic& each : plan.blocked)
    out << "blocked: " << each.summary << "\n      " << each.remedy << "\n";
  out << "cluster " << (plan.cluster_id.empty() ? "(new)" : plan.cluster_id.text) << ", unchanged "
      << plan.nodes_unchanged << "\n";
  return out.str();
}

}  // namespace rayctl::planning
