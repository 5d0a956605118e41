#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "providers/python/bridge.h"

namespace rayctl::python {

enum class Verdict {
  kKept,
  kLimit,   ///< the class cannot do that, and rayctl does without it
  kBroken,  ///< rayctl, or Ray, cannot rely on the class
  kUnseen,  ///< it could not be tried, since another rule is broken
};

/// How a class did on one rule of the interface.
struct RuleOutcome {
  std::string method;
  std::string rule;  ///< what every class is held to, one sentence
  Verdict verdict = Verdict::kKept;
  std::string found;               ///< what it did instead; "" where it kept the rule
  std::vector<std::string> lines;  ///< of a traceback
};

/// What a class is tried with.
struct RuleSettings {
  std::function<std::shared_ptr<Bridge>()> bridge;  ///< a process of its own for each
  ClusterName cluster;                              ///< of a name that nobody has
  std::string node_type;
  Json node_config, resources;
  Millis patience{30'000};  ///< for machines to show up, run or go
  Clock& clock;
  std::function<void(const RuleOutcome&)> tell{};  ///< each, as it is known
};

/// Holds a class against the interface: makes four machines at the most, and ends all that it made.
std::vector<RuleOutcome> try_rules(const RuleSettings& settings);

}  // namespace rayctl::python
