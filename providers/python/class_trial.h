#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/tags.h"
#include "providers/python/class_rules.h"

namespace rayctl::python {

/// What a rule found wrong.
struct Finding {
  Verdict verdict = Verdict::kBroken;
  std::string found;
  std::vector<std::string> lines{};
};
using Found = std::optional<Finding>;  ///< nullopt: the rule is kept
Finding broken(std::string found);
Finding limit(std::string found);
Finding from(const Error& error);

/// A value, or ids, in a finding's words.
std::string shown(const Json& value);
std::string listed(const std::set<std::string>& ids);
/// The texts of a list.
std::set<std::string> texts(const Json& list);

/// One class on trial: how its methods are called, and what is known of it and its machines so far.
class Trial {
 public:
  explicit Trial(const RuleSettings& settings);

  /// Tries one rule, tells of it and keeps what came of it.
  void rule(const std::string& method, const std::string& text,
            const std::function<Found()>& check);
  /// A method, as it is called by others.
  HostAnswer raw(const std::string& method, Json args, const ClusterName& of, Millis limit = kCall);
  /// The same of our cluster; what it raises is an Error, and `last` says more.
  Result<Json> call(const std::string& method, Json args = Json::array());
  /// An operation of the protocol.
  Result<Json> ask(const std::string& op, Json args);
  /// Asks until `enough` is true of the answer, or patience ends; the last answer.
  Result<Json> await(const std::string& method, const Json& args,
                     const std::function<bool(const Json&)>& enough);
  /// Launches machines with tags_of(name).
  HostAnswer create(const std::string& name, int count, Millis limit = kCall);
  Tags tags_of(const std::string& name) const;
  /// Those of listed nodes that were not there before the trial.
  std::set<std::string> fresh(const Json& nodes) const;
  /// Whether a machine shows all these tags; `consequence` ends the sentence if it does not.
  Found keeps(const std::string& id, const Tags& wanted, const char* consequence);

  static constexpr Millis kCall{30'000};
  const RuleSettings& with;
  std::shared_ptr<Bridge> bridge;
  const ClusterName cluster;
  ClassFacts facts;
  HostFailure last;
  bool loaded = false, lasts = true;           ///< lasts: another process sees its machines
  std::set<std::string> there, made;           ///< machines before the trial, and those made by it
  std::optional<std::set<std::string>> named;  ///< what create_node returned
  std::vector<RuleOutcome> outcomes;
};

/// The argument of non_terminated_nodes that asks for all.
Json no_filter();

/// The rules of what a class says of itself and of its machines.
void try_loading(Trial& trial);
void try_without_machines(Trial& trial);
void try_looks(Trial& trial);
/// Those of what it changes: launches, tags, processes and threads beside it, ends.
void try_launches(Trial& trial);
void try_tags(Trial& trial);
void try_another_process(Trial& trial);
void try_threads(Trial& trial);
void try_ends(Trial& trial);

}  // namespace rayctl::python
