#include "tests/autoscale/chaos.h"

#include <gtest/gtest.h>

#include "model/tags.h"

namespace rayctl {

void Chaos::check_decision(const Ticked& tick) {
  ++counts.decisions;
  int sum = 0;
  for (const NodeTypeConfig& type : world_.config.node_types) {
    if (type.name == world_.config.head_type) continue;
    const int want = tick.decision.scale.want.at(type.name);
    sum += want;
    EXPECT_LE(want, type.max_workers) << type.name.text;
    const bool pending = tick.decision.memory.trouble.contains(type.name);
    EXPECT_TRUE(want >= type.min_workers || pending) << want << " of " << type.name.text;
  }
  EXPECT_LE(sum, world_.config.max_workers);
  for (const Release& release : tick.decision.release) {
    EXPECT_TRUE(release.cause == Cause::kIdle || release.cause == Cause::kNeverJoined)
        << release.node.text << ": " << release.because << "\n"
        << doing();
  }
}

void Chaos::check_world() {
  std::set<std::string> names;
  for (const CloudId& id : world_.fake.living()) {
    const auto& tags = world_.fake.machines.at(id).node.tags;
    const auto name = tags.find(kTagNode);
    if (name != tags.end()) {
      EXPECT_TRUE(names.insert(name->second).second) << name->second << " is there twice";
    }
  }
  int sum = 0;
  for (const auto& [type, count] : world_.workers()) {
    EXPECT_LE(count, world_.config.find(type)->max_workers) << type.text;
    sum += count;
  }
  EXPECT_LE(sum, world_.config.max_workers) << doing();
}

void Chaos::check_launches() {
  std::map<OpToken, std::size_t> asked;
  const Result<std::vector<JournalLine>> journal = world_.store.journal(INT_MAX);
  for (const JournalLine& line : *journal) {
    if (const auto* launch = std::get_if<CreateNodes>(&line.action))
      asked[line.token] = launch->nodes.size();
  }
  for (const auto& [token, made] : world_.fake.made_by)
    EXPECT_LE(static_cast<std::size_t>(made), asked[token]) << token.text;
}

}  // namespace rayctl
