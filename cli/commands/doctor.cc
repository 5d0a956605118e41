#include <algorithm>
#include <charconv>
#include <ostream>

#include "base/parallel.h"
#include "cli/commands/change_flags.h"
#include "cli/commands/verbs.h"
#include "cli/output.h"
#include "cli/remote.h"
#include "cli/views/doctor_view.h"
#include "model/tags.h"

namespace rayctl {
namespace {

constexpr Millis kPatience{30'000};
constexpr std::size_t kAtOnce = 32;
constexpr int kSsh = 22;

class DoctorVerb final : public Verb {
 public:
  void declare(Flags& flags) override { declare_cluster(flags, cluster_); }

  Result<int> run(Session& session) override {
    Result<std::unique_ptr<Cluster>> cluster = open_cluster(session, cluster_);
    if (!cluster) return cluster.error();
    Result<Looked> looked = look_at_machines(session, **cluster);
    if (!looked) return looked.error();
    for (const auto& [provider, listed] : looked->observed.machines) {
      if (!listed) return in_context(listed.error(), "listing the machines of " + provider.text);
    }
    std::vector<NamedMachine> machines = running_machines(*looked);
    add_hosts((*cluster)->config(), machines);
    if (machines.empty()) {
      return permanent(ErrorCode::kNoSuchNode, "cluster " + (*cluster)->config().cluster.text +
                                                   " has no machine to look at");
    }
    std::vector<NodeExam> exams = examine(session, **cluster, machines);
    std::vector<Diagnosis> diagnoses = diagnose(exams, demands_of(**cluster, machines));
    const ExitClass worst = class_of(diagnoses);
    if (session.json) {
      Json nodes = Json::array();
      for (const Diagnosis& each : diagnoses)
        nodes.push_back(to_json(each));
      show_json(session, {{"format_version", kOutputFormat},
                          {"healthy", worst == ExitClass::kOk},
                          {"nodes", nodes}});
    } else {
      session.io.out << session.redactor.apply(render_doctor(diagnoses, out_style(session)));
    }
    return static_cast<int>(worst);
  }

 private:
  /// Private hosts can be looked at before they are anybody's, and when they do not answer.
  static void add_hosts(const Config& config, std::vector<NamedMachine>& machines) {
    if (config.provider.text != "local") return;
    std::vector<std::pair<std::string, bool>> hosts;
    const Json& keys = config.provider_settings;
    if (keys.contains("head_ip")) hosts.emplace_back(keys["head_ip"].get<std::string>(), true);
    if (keys.contains("worker_ips")) {
      for (const Json& host : keys["worker_ips"])
        hosts.emplace_back(host.get<std::string>(), false);
    }
    for (const auto& [host, head] : hosts) {
      const bool known = std::any_of(
          machines.begin(), machines.end(),
          [&, &host = host](const NamedMachine& each) { return each.machine.id.text == host; });
      if (known) continue;
      const NamedMachine added{.machine = {.id = CloudId{host}, .head = head, .internal_ip = host}};
      machines.insert(head ? machines.begin() : machines.end(), added);
    }
  }

  static Demands demands_of(Cluster& cluster, const std::vector<NamedMachine>& machines) {
    const Config& config = cluster.config();
    Demands demands{.fixed_ports = config.provider.text != "process",
                    .docker = config.docker.contains("container_name")};
    for (const NodeTypeConfig& type : config.node_types)
      demands.docker = demands.docker || type.docker.contains("container_name");
    auto podman = config.docker.find("use_podman");
    demands.podman = podman != config.docker.end() && podman->is_boolean() && podman->get<bool>();
    if (std::optional<int> port = gcs_port(cluster, machines)) demands.gcs_port = *port;
    return demands;
  }

  static std::optional<int> gcs_port(Cluster& cluster, const std::vector<NamedMachine>& machines) {
    if (!machines.front().machine.head || cluster.world().plain_processes) return std::nullopt;
    Result<std::string> address =
        cluster.world().access(cluster.config().provider).gcs_on_nodes(machines.front().machine);
    if (!address) return std::nullopt;
    const std::string port = address->substr(address->rfind(':') + 1);
    int number = 0;
    auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    return error == std::errc{} ? std::optional(number) : std::nullopt;
  }

  static std::vector<NodeExam> examine(Session& session, Cluster& cluster,
                                       const std::vector<NamedMachine>& machines) {
    std::vector<NodeExam> exams(machines.size());
    for_each_index(machines.size(), kAtOnce, [&](std::size_t at) {
      exams[at] = examine_one(session, cluster, machines, machines[at]);
    });
    return exams;
  }

  static std::string name_of(const NamedMachine& node) {
    return node.name.empty() ? node.machine.id.text : node.name.text;
  }

  static NodeExam examine_one(Session& session, Cluster& cluster,
                              const std::vector<NamedMachine>& machines, const NamedMachine& node) {
    auto status = node.machine.tags.find(kTagNodeStatus);
    NodeExam exam{.name = name_of(node),
                  .address = address_of(cluster.config(), node.machine),
                  .head = node.machine.head,
                  .up = status != node.machine.tags.end() && status->second == kStatusUpToDate};
    NodeAccess& access = cluster.world().access(cluster.config().provider);
    const Time begun = session.clock.now();
    Result<std::unique_ptr<CommandRunner>> host = access.machine_runner(node.machine);
    // Connects first, so that the question about the clock takes no time.
    Result<CommandOutput> answer =
        host ? (*host)->run({.argv = {"true"}, .env = {}, .input = ""}, begun + kPatience)
             : Result<CommandOutput>(host.error());
    exam.took = session.clock.now() - begun;
    exam.asked = session.clock.now();
    if (answer) answer = ask(session, **host, {"sh", "-c", doctor_machine_script()});
    exam.answered = session.clock.now();
    if (!answer) {
      exam.unreachable = answer.error();
      return exam;
    }
    exam.machine = parse_machine_facts(answer->out);
    if (!cluster.world().plain_processes) {
      Result<std::unique_ptr<CommandRunner>> inside = access.runner(node.machine);
      if (inside) answer = ask(session, **inside, {"sh", "-c", doctor_ray_script()});
      exam.ray = inside && answer ? parse_ray_facts(answer->out) : RayFacts{};
    }
    dial_others(session, cluster, machines, node, **host, exam);
    return exam;
  }

  static Result<CommandOutput> ask(Session& session, CommandRunner& runner,
                                   std::vector<std::string> argv) {
    return runner.run({.argv = std::move(argv), .env = {}, .input = ""},
                      session.clock.now() + kPatience);
  }

  /// Workers try the head's GCS, the head tries each worker's sshd.
  static void dial_others(Session& session, Cluster& cluster,
                          const std::vector<NamedMachine>& machines, const NamedMachine& node,
                          CommandRunner& runner, NodeExam& exam) {
    if (cluster.config().provider.text == "process") return;
    for (const NamedMachine& other : machines) {
      if (other.machine.head == node.machine.head) continue;
      const int port = other.machine.head ? gcs_port(cluster, machines).value_or(6379) : kSsh;
      const std::string& address = other.machine.internal_ip;
      Result<CommandOutput> said =
          ask(session, runner,
              {"sh", "-c", doctor_dial_script(), "rayctl-dial", address, std::to_string(port)});
      std::string answer = said ? said->out : said.error().message;
      while (answer.ends_with('\n'))
        answer.pop_back();
      exam.dialled.push_back({name_of(other), address, port, answer});
    }
  }

  ClusterFlags cluster_;
};

}  // namespace

std::unique_ptr<Verb> make_doctor_verb() {
  return std::make_unique<DoctorVerb>();
}

}  // namespace rayctl
