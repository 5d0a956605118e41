#pragma once
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace rayctl {

/// What a machine says of itself (doctor_machine_script), outside any container.
struct MachineFacts {
  struct Disk {
    std::string path;  ///< mount point
    std::uint64_t free_kb = 0;
    int used_percent = 0;
    bool operator==(const Disk&) const = default;
  };
  std::string user;
  std::set<std::string> groups;
  Time clock;                           ///< to the second
  std::vector<Disk> disks;              ///< of the home folder and of /tmp
  std::optional<long> open_files;       ///< the hard limit of `ulimit -n`; nullopt: none
  std::set<int> listens;                ///< TCP ports
  bool docker = false, podman = false;  ///< the program is there
  bool docker_socket = false;           ///< this user may use the daemon
  bool operator==(const MachineFacts&) const = default;
};

/// Versions where Ray runs (doctor_ray_script); "" for what is not there.
struct RayFacts {
  std::string ray, python;
  bool operator==(const RayFacts&) const = default;
};

// Scripts for sh; each prints lines "key=value".
std::string doctor_machine_script();
/// Runs with the start-up files of a login, whose PATH leads to Ray.
std::string doctor_ray_script();
/// Arguments: host, port. Prints "open", "refused" or "silent" within 5 s. Needs bash.
std::string doctor_dial_script();

/// Lines that make no sense are left out.
MachineFacts parse_machine_facts(const std::string& text);
RayFacts parse_ray_facts(const std::string& text);

enum class Health { kOk, kWarning, kBad };
std::string to_text(Health health);  ///< "ok", "warning", "bad"

/// One thing that was looked at on a node.
struct Check {
  std::string name;  ///< "login", "clock", "disk", "files", "ports", "ray", "python", ...
  Health health = Health::kOk;
  std::string found;
  std::string remedy;             ///< empty when it is ok
  std::optional<ErrorCode> code;  ///< where it has one: why a node was not reached
  bool operator==(const Check&) const = default;
};

/// One connection between two nodes that was tried.
struct Dialled {
  std::string to;  ///< a node's name
  std::string address;
  int port = 0;
  std::string answer;  ///< "open", "refused", "silent"; else why nothing is known
  bool operator==(const Dialled&) const = default;
};

/// What was learnt of one node.
struct NodeExam {
  std::string name, address;
  bool head = false;
  bool up = false;  ///< set up and Ray started, as its tags say
  std::optional<Error> unreachable;
  Millis took{0};        ///< connecting and asking
  Time asked, answered;  ///< of this machine's clock, around the node's own
  std::optional<MachineFacts> machine;
  std::optional<RayFacts> ray;  ///< nullopt: not asked, its nodes run no Ray
  std::vector<Dialled> dialled;
  bool operator==(const NodeExam&) const = default;
};

/// What a cluster needs of its nodes.
struct Demands {
  int gcs_port = 6379, dashboard_port = 8265, client_port = 10001;
  bool fixed_ports = true;  ///< false: each node has ports of its own (one machine)
  bool docker = false, podman = false;
  bool operator==(const Demands&) const = default;
};

struct Diagnosis {
  std::string node, address;
  std::vector<Check> checks;
  bool operator==(const Diagnosis&) const = default;
};

/// Judges all nodes, each by itself and against the head. Pure.
std::vector<Diagnosis> diagnose(const std::vector<NodeExam>& exams, const Demands& demands);

/// The class of the worst check: kOk if none is bad; one that kept us from looking at a node comes
/// before what was found there.
ExitClass class_of(const std::vector<Diagnosis>& diagnoses);

}  // namespace rayctl
