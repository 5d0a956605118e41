#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "providers/aws/ending.h"
#include "providers/aws/instances.h"
#include "providers/aws/launching.h"
#include "tests/aws_ec2/fake_ec2.h"
#include "tests/support/fake_clock.h"

namespace rayctl::aws {

/// A launch against a small EC2, with a journal that outlives the program that writes it.
class LaunchWorld {
 public:
  explicit LaunchWorld(Ec2Settings with = {}) : settings(std::move(with)) {
    spec.type = {"cpu"};
    spec.digests.launch = {"0123"};
    config = {{"InstanceType", "m5.large"}, {"SecurityGroupIds", {"sg-1"}}};
    settings.zones = {"us-west-2a", "us-west-2b", "us-west-2c"};
    restart();
  }

  /// A new program over the same world.
  void restart() {
    tagging = std::make_unique<Tagging>(ec2, clock, Millis{0});
    launching =
        std::make_unique<Launching>(ec2, clock, settings, *tagging, [this] { return worker_key; });
    ending = std::make_unique<Ending>(ec2, settings, *tagging, Millis{0});
  }

  LaunchRequest request(int count, const std::string& token = "op") {
    LaunchRequest wanted{.cluster = {"demo"},
                         .nodes = {},
                         .spec = &spec,
                         .token = {token},
                         .tags = launch_tags({"demo"}, {"id-1"}, spec, {token}),
                         .why_fewer = &why,
                         .attempts = journal[token],
                         .journal = {}};
    for (int i = 1; i <= count; ++i)
      wanted.nodes.push_back({"cpu-" + std::to_string(i)});
    wanted.journal = [this, token](const std::vector<LaunchAttempt>& attempts) -> Result<> {
      if (before_journal) before_journal();
      journal[token] = attempts;
      if (after_journal) after_journal();
      return {};
    };
    return wanted;
  }

  Result<std::vector<CloudNode>> launch(int count, const std::string& token = "op") {
    why.clear();
    return launching->launch(request(count, token), config, soon());
  }

  Time soon() const { return clock.now() + Millis{600'000}; }

  FakeClock clock;
  FakeEc2 ec2;
  Ec2Settings settings;
  NodeSpec spec;
  Json config;
  std::string why;
  std::string worker_key;
  std::map<std::string, std::vector<LaunchAttempt>> journal;
  std::function<void()> before_journal, after_journal;
  std::unique_ptr<Tagging> tagging;
  std::unique_ptr<Launching> launching;
  std::unique_ptr<Ending> ending;
};

/// How many machines live in each zone, and in which market.
inline std::map<std::string, int> by_zone(const FakeEc2& ec2) {
  std::map<std::string, int> count;
  for (const FakeEc2::Machine& machine : ec2.living())
    ++count[machine.zone + (machine.spot ? " spot" : "")];
  return count;
}

inline std::set<std::string> ids_of(const std::vector<CloudNode>& nodes) {
  std::set<std::string> ids;
  for (const CloudNode& node : nodes)
    ids.insert(node.id.text);
  return ids;
}

inline std::set<std::string> living_ids(const FakeEc2& ec2) {
  std::set<std::string> ids;
  for (const FakeEc2::Machine& machine : ec2.living())
    ids.insert(machine.id);
  return ids;
}

}  // namespace rayctl::aws
