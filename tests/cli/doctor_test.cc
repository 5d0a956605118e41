#include "cli/doctor.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/files.h"
#include "cli/views/doctor_view.h"
#include "transport/local_runner.h"

namespace rayctl {
namespace {

Time at(long seconds) {
  return Time{Millis{seconds * 1000}};
}

MachineFacts healthy() {
  return {.user = "ubuntu",
          .groups = {"ubuntu", "docker"},
          .clock = at(1000),
          .disks = {{.path = "/", .free_kb = 90U << 20, .used_percent = 40}},
          .open_files = 1 << 20,
          .listens = {22},
          .docker = true,
          .docker_socket = true};
}

NodeExam exam(const std::string& name) {
  return {.name = name,
          .address = "10.0.0.1",
          .head = name == "head-1",
          .took = Millis{40},
          .asked = at(1000),
          .answered = at(1001),
          .machine = healthy(),
          .ray = RayFacts{"2.40.0", "3.11.2"}};
}

/// The check of that name on the last node.
Check check_of(const std::vector<NodeExam>& exams, const std::string& name,
               const Demands& demands = {}) {
  const std::vector<Diagnosis> diagnoses = diagnose(exams, demands);
  for (const Check& check : diagnoses.back().checks) {
    if (check.name == name) return check;
  }
  return {.name = "none"};
}

TEST(Doctor, AHealthyClusterHasNothingToSay) {
  const std::vector<Diagnosis> diagnoses = diagnose({exam("head-1"), exam("cpu-1")}, {});
  ASSERT_EQ(diagnoses.size(), 2U);
  for (const Diagnosis& diagnosis : diagnoses) {
    for (const Check& check : diagnosis.checks) {
      EXPECT_EQ(check.health, Health::kOk) << check.name << ": " << check.found;
      EXPECT_TRUE(check.remedy.empty());
    }
  }
  EXPECT_EQ(class_of(diagnoses), ExitClass::kOk);
}

TEST(Doctor, AClockThatIsOffByAnHour) {
  struct Case {
    long clock;
    Health health;
    const char* found;
  };
  const Case cases[] = {{1000 + 3600, Health::kBad, "ahead"}, {1000 - 3600, Health::kBad, "behind"},
                        {1004, Health::kOk, "agrees"},        {995, Health::kOk, "agrees"},
                        {1000, Health::kOk, "agrees"},        {999, Health::kOk, "agrees"},
                        {1030, Health::kBad, "ahead"},        {0, Health::kBad, "behind"}};
  for (const Case& each : cases) {
    NodeExam node = exam("cpu-1");
    node.machine->clock = at(each.clock);
    const Check check = check_of({node}, "clock");
    EXPECT_EQ(check.health, each.health) << each.clock << ": " << check.found;
    EXPECT_NE(check.found.find(each.found), std::string::npos) << check.found;
    EXPECT_EQ(check.remedy.empty(), each.health == Health::kOk);
  }
}

TEST(Doctor, ASlowAnswerIsNoWrongClock) {
  NodeExam node = exam("cpu-1");
  node.answered = at(1030);
  node.machine->clock = at(1029);
  EXPECT_EQ(check_of({node}, "clock").health, Health::kOk);
}

TEST(Doctor, FullDisks) {
  NodeExam node = exam("cpu-1");
  node.machine->disks = {{.path = "/", .free_kb = 90U << 20, .used_percent = 96}};
  EXPECT_EQ(check_of({node}, "disk").health, Health::kBad);
  node.machine->disks = {{.path = "/", .free_kb = 500U << 10, .used_percent = 50}};
  EXPECT_EQ(check_of({node}, "disk").health, Health::kBad);
  node.machine->disks = {};
  EXPECT_EQ(check_of({node}, "disk").health, Health::kWarning);
}

TEST(Doctor, FewOpenFiles) {
  NodeExam node = exam("cpu-1");
  node.machine->open_files = 1024;
  EXPECT_EQ(check_of({node}, "files").health, Health::kBad);
  node.machine->open_files = 10'000;
  EXPECT_EQ(check_of({node}, "files").health, Health::kWarning);
  node.machine->open_files = std::nullopt;
  EXPECT_EQ(check_of({node}, "files").health, Health::kOk);
}

TEST(Doctor, PortsAreFreeBeforeRayRunsAndInUseAfter) {
  NodeExam head = exam("head-1");
  EXPECT_EQ(check_of({head}, "ports").health, Health::kOk);
  head.machine->listens = {22, 6379};
  EXPECT_EQ(check_of({head}, "ports").health, Health::kBad);
  EXPECT_NE(check_of({head}, "ports").found.find("6379"), std::string::npos);
  head.up = true;
  EXPECT_EQ(check_of({head}, "ports").health, Health::kOk);
  head.machine->listens = {22};
  EXPECT_EQ(check_of({head}, "ports").health, Health::kBad);
  EXPECT_EQ(check_of({head}, "ports", {.gcs_port = 22}).health, Health::kOk);
  EXPECT_EQ(check_of({head}, "ports", {.fixed_ports = false}).name, "none");
  EXPECT_EQ(check_of({head, exam("cpu-1")}, "ports").name, "none") << "only the head's matter";
}

TEST(Doctor, VersionsAgreeWithTheHeads) {
  NodeExam worker = exam("cpu-1");
  worker.ray = RayFacts{"2.39.0", "3.11.2"};
  const Check ray = check_of({exam("head-1"), worker}, "ray");
  EXPECT_EQ(ray.health, Health::kBad);
  EXPECT_NE(ray.found.find("2.39.0"), std::string::npos);
  EXPECT_NE(ray.found.find("2.40.0"), std::string::npos);
  worker.ray = RayFacts{"2.40.0", "3.11.9"};
  EXPECT_EQ(check_of({exam("head-1"), worker}, "python").health, Health::kWarning);
  worker.ray = RayFacts{"2.40.0", "3.10.2"};
  EXPECT_EQ(check_of({exam("head-1"), worker}, "python").health, Health::kBad);
  worker.ray = RayFacts{"", "3.11.2"};
  EXPECT_EQ(check_of({exam("head-1"), worker}, "ray").health, Health::kWarning)
      << "set-up may still install it";
  worker.up = true;
  EXPECT_EQ(check_of({exam("head-1"), worker}, "ray").health, Health::kBad);
}

TEST(Doctor, ContainersNeedAProgramAndARight) {
  NodeExam node = exam("cpu-1");
  EXPECT_EQ(check_of({node}, "container").name, "none");
  EXPECT_EQ(check_of({node}, "container", {.docker = true}).health, Health::kOk);
  node.machine->docker_socket = false;
  node.machine->groups = {"ubuntu"};
  const Check check = check_of({node}, "container", {.docker = true});
  EXPECT_EQ(check.health, Health::kBad);
  EXPECT_NE(check.remedy.find("usermod"), std::string::npos);
  node.machine->docker = false;
  EXPECT_EQ(check_of({node}, "container", {.docker = true}).health, Health::kBad);
  EXPECT_EQ(check_of({node}, "container", {.docker = true, .podman = true}).health, Health::kBad);
}

TEST(Doctor, WhoCannotBeReachedDecidesTheClass) {
  NodeExam away = exam("cpu-1");
  away.machine.reset();
  away.unreachable = permanent(ErrorCode::kHostKeyChanged, "another key than before");
  NodeExam full = exam("head-1");
  full.machine->open_files = 100;
  const std::vector<Diagnosis> diagnoses = diagnose({full, away}, {});
  EXPECT_EQ(diagnoses[1].checks.size(), 1U);
  EXPECT_EQ(diagnoses[1].checks[0].code, ErrorCode::kHostKeyChanged);
  EXPECT_FALSE(diagnoses[1].checks[0].remedy.empty());
  EXPECT_EQ(class_of(diagnoses), ExitClass::kCredentials);
  EXPECT_EQ(class_of(diagnose({full}, {})), ExitClass::kUnclassified);
}

TEST(Doctor, NodesThatDoNotReachEachOther) {
  NodeExam node = exam("cpu-1");
  node.dialled = {{"head-1", "10.0.0.1", 6379, "silent"}};
  EXPECT_EQ(check_of({node}, "to head-1").health, Health::kBad);
  node.dialled = {{"head-1", "10.0.0.1", 6379, "refused"}};
  EXPECT_EQ(check_of({node}, "to head-1").health, Health::kOk) << "the way is open";
}

TEST(Doctor, TheTableNamesEveryFindingWithItsRemedy) {
  NodeExam node = exam("cpu-1");
  node.machine->clock = at(4600);
  const std::string text = render_doctor(diagnose({exam("head-1"), node}, {}), {});
  EXPECT_NE(text.find("cpu-1"), std::string::npos);
  EXPECT_NE(text.find("chrony"), std::string::npos) << text;
  EXPECT_NE(text.find("2 nodes, 1 problem, 0 warnings."), std::string::npos) << text;
}

TEST(Doctor, NonsenseIsLeftOut) {
  const MachineFacts facts = parse_machine_facts(
      "motd\nclock=abc\ndisk=1\ndisk=x 3 /\nlistens=ZZ\nlistens=18EB\nfiles=unlimited\ngroups=a "
      "b\n");
  EXPECT_EQ(facts, (MachineFacts{.groups = {"a", "b"}, .listens = {6379}}));
}

TEST(Doctor, ThisMachineAnswersTheQuestions) {
  LocalRunner runner({.home = "/tmp", .env = {{"PATH", "/usr/bin:/bin"}}});
  SystemClock clock;
  const Time deadline = clock.now() + Millis{30'000};
  const Time asked = clock.now();
  Result<CommandOutput> said =
      runner.run({.argv = {"sh", "-c", doctor_machine_script()}, .env = {}, .input = ""}, deadline);
  ASSERT_TRUE(said);
  const MachineFacts facts = parse_machine_facts(said->out);
  EXPECT_LE(asked - Millis{1000}, facts.clock) << said->out;
  EXPECT_FALSE(facts.user.empty());
  EXPECT_FALSE(facts.disks.empty()) << said->out << said->err;
  said = runner.run({.argv = {"sh", "-c", doctor_ray_script()}, .env = {}, .input = ""}, deadline);
  ASSERT_TRUE(said);
  EXPECT_EQ(parse_ray_facts(said->out).python.substr(0, 2), "3.") << said->out << said->err;
  said = runner.run({.argv = {"sh", "-c", doctor_dial_script(), "rayctl-dial", "127.0.0.1", "1"},
                     .env = {},
                     .input = ""},
                    deadline);
  ASSERT_TRUE(said);
  EXPECT_EQ(said->out, "refused\n");
}

}  // namespace
}  // namespace rayctl
