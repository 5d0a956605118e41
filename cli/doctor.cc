#include "cli/doctor.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace rayctl {
namespace {

constexpr Millis kClockOff{5'000};  // tokens and logs tolerate that much
constexpr std::uint64_t kLeastFreeKb = 1U << 20;
constexpr int kFullPercent = 95;    // Ray stops storing objects there (local_fs_capacity_threshold)
constexpr long kOpenFiles = 65536;  // what Ray's own start commands ask for
constexpr long kFewFiles = 4096;

Check ok(const std::string& name, const std::string& found) {
  return {.name = name, .health = Health::kOk, .found = found, .remedy = "", .code = {}};
}
Check warning(const std::string& name, const std::string& found, const std::string& remedy) {
  return {.name = name, .health = Health::kWarning, .found = found, .remedy = remedy, .code = {}};
}
Check bad(const std::string& name, const std::string& found, const std::string& remedy) {
  return {.name = name, .health = Health::kBad, .found = found, .remedy = remedy, .code = {}};
}

Check check_login(const NodeExam& exam) {
  if (exam.unreachable) {
    Check check = bad("login", exam.unreachable->message,
                      std::string(error_code_info(exam.unreachable->code).remedy));
    check.code = exam.unreachable->code;
    return check;
  }
  return ok("login", exam.machine->user + ", " + std::to_string(exam.took.count()) + " ms");
}

Check check_clock(const NodeExam& exam) {
  // The node told full seconds, at some moment between question and answer.
  constexpr Millis kSecond{1'000};
  Millis off{0};
  if (exam.machine->clock > exam.answered) off = exam.machine->clock - exam.answered;
  if (exam.machine->clock + kSecond < exam.asked) off = exam.machine->clock + kSecond - exam.asked;
  const Millis size = off < Millis{0} ? -off : off;
  if (size <= kClockOff) return ok("clock", "agrees");
  return bad("clock",
             format_age(size) + (off < Millis{0} ? " behind" : " ahead of") +
                 (off < Millis{0} ? "" : " this machine"),
             "set it, and keep it with chrony or systemd-timesyncd");
}

Check check_disk(const MachineFacts& machine) {
  std::string found;
  bool full = false;
  for (const MachineFacts::Disk& disk : machine.disks) {
    full = full || disk.free_kb < kLeastFreeKb || disk.used_percent >= kFullPercent;
    found +=
        (found.empty() ? "" : ", ") + format_bytes(disk.free_kb * 1024) + " free on " + disk.path;
  }
  if (machine.disks.empty()) return warning("disk", "unknown", "see `df` on the node");
  if (!full) return ok("disk", found);
  return bad("disk", found,
             "free some space: Ray stores no more objects on a disk that is 95 % full");
}

Check check_files(const MachineFacts& machine) {
  if (!machine.open_files || *machine.open_files >= kOpenFiles) {
    return ok("files", machine.open_files ? std::to_string(*machine.open_files) : "no limit");
  }
  const std::string found = "at most " + std::to_string(*machine.open_files) + " open files";
  const std::string remedy = "raise nofile to 65536 in /etc/security/limits.conf";
  return *machine.open_files < kFewFiles ? bad("files", found, remedy)
                                         : warning("files", found, remedy);
}

Check check_ports(const NodeExam& exam, const Demands& demands) {
  std::string used;
  for (int port : {demands.gcs_port, demands.dashboard_port, demands.client_port}) {
    if (exam.machine->listens.contains(port)) used += " " + std::to_string(port);
  }
  const std::string found = used.empty() ? "free" : "in use:" + used;
  const bool gcs = exam.machine->listens.contains(demands.gcs_port);
  if (exam.up && !gcs) {
    return bad("ports", "nothing listens on " + std::to_string(demands.gcs_port),
               "Ray's head is not running: `rayctl apply` starts it");
  }
  if (!exam.up && !used.empty()) {
    return bad("ports", found,
               "another program, or an older Ray, has them: end it, or give "
               "`ray start` other ports");
  }
  return ok("ports", found);
}

Check check_ray(const NodeExam& exam, const NodeExam* head) {
  const std::string& mine = exam.ray->ray;
  if (mine.empty()) {
    const std::string remedy = "install it by setup_commands, or put it on the PATH of a login";
    return exam.up ? bad("ray", "not found", remedy) : warning("ray", "not found", remedy);
  }
  const std::string theirs = head != nullptr && head->ray ? head->ray->ray : "";
  if (theirs.empty() || theirs == mine) return ok("ray", mine);
  return bad("ray", mine + ", the head has " + theirs, "install the same version on all nodes");
}

std::string minor_of(const std::string& version) {
  return version.substr(0, version.rfind('.'));
}

Check check_python(const NodeExam& exam, const NodeExam* head) {
  const std::string& mine = exam.ray->python;
  if (mine.empty()) return warning("python", "not found", "install Python 3");
  const std::string theirs = head != nullptr && head->ray ? head->ray->python : "";
  if (theirs.empty() || theirs == mine) return ok("python", mine);
  const std::string found = mine + ", the head has " + theirs;
  const std::string remedy = "use the same Python on all nodes: Ray sends pickled objects";
  return minor_of(mine) == minor_of(theirs) ? warning("python", found, remedy)
                                            : bad("python", found, remedy);
}

Check check_container(const MachineFacts& machine, const Demands& demands) {
  const std::string program = demands.podman ? "podman" : "docker";
  if (demands.podman ? !machine.podman : !machine.docker) {
    return bad("container", program + " is not installed", "install it, or leave out `docker:`");
  }
  if (demands.podman || machine.docker_socket || machine.user == "root") {
    return ok("container", program);
  }
  return bad("container", machine.user + " may not use docker",
             machine.groups.contains("docker") ? "start the docker daemon"
                                               : "sudo usermod -aG docker " + machine.user);
}

std::vector<Check> check_dialled(const NodeExam& exam) {
  std::vector<Check> checks;
  for (const Dialled& each : exam.dialled) {
    const std::string place = each.address + ":" + std::to_string(each.port);
    const std::string name = "to " + each.to;
    if (each.answer == "open") {
      checks.push_back(ok(name, place));
    } else if (each.answer == "refused") {
      checks.push_back(ok(name, place + " answers, nothing listens"));
    } else {
      checks.push_back(
          bad(name, place + " is " + each.answer,
              "open the way between the nodes: Ray needs all ports in both directions"));
    }
  }
  return checks;
}

}  // namespace

std::string to_text(Health health) {
  switch (health) {
    case Health::kOk:
      return "ok";
    case Health::kWarning:
      return "warning";
    case Health::kBad:
      break;
  }
  return "bad";
}

std::vector<Diagnosis> diagnose(const std::vector<NodeExam>& exams, const Demands& demands) {
  const NodeExam* head = nullptr;
  for (const NodeExam& exam : exams) {
    if (exam.head) head = &exam;
  }
  std::vector<Diagnosis> diagnoses;
  for (const NodeExam& exam : exams) {
    Diagnosis diagnosis{.node = exam.name, .address = exam.address, .checks = {check_login(exam)}};
    std::vector<Check>& checks = diagnosis.checks;
    if (!exam.unreachable && exam.machine) {
      checks.push_back(check_clock(exam));
      checks.push_back(check_disk(*exam.machine));
      checks.push_back(check_files(*exam.machine));
      if (exam.head && demands.fixed_ports) checks.push_back(check_ports(exam, demands));
      if (demands.docker) checks.push_back(check_container(*exam.machine, demands));
      if (exam.ray) {
        checks.push_back(check_ray(exam, head));
        checks.push_back(check_python(exam, head));
      }
      std::vector<Check> dialled = check_dialled(exam);
      checks.insert(checks.end(), dialled.begin(), dialled.end());
    }
    diagnoses.push_back(std::move(diagnosis));
  }
  return diagnoses;
}

ExitClass class_of(const std::vector<Diagnosis>& diagnoses) {
  ExitClass worst = ExitClass::kOk;
  for (const Diagnosis& diagnosis : diagnoses) {
    for (const Check& check : diagnosis.checks) {
      if (check.health != Health::kBad) continue;
      const ExitClass mine =
          check.code ? error_code_info(*check.code).exit_class : ExitClass::kUnclassified;
      if (worst == ExitClass::kOk || worst == ExitClass::kUnclassified) worst = mine;
    }
  }
  return worst;
}

}  // namespace rayctl
