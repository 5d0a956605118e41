#pragma once
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "providers/gcp/api.h"
#include "tests/support/fake_clock.h"

namespace rayctl::gcp {

/// Thrown out of a call: the program ended there.
struct Killed {};

/// A project with state, as far as firewall rules, service accounts, policies, subnetworks and what
/// is seen of machines go. It refuses what the services refuse, and shows what IAM made only after
/// a while. Thread-safe.
class FakeProject final : public Api {
 public:
  explicit FakeProject(FakeClock& clock) : clock_(clock) {}

  Reply<Json> call(const Call& call, Time deadline) override;

  std::map<std::string, Json> firewalls;          ///< by name
  std::map<std::string, Json> accounts;           ///< by email
  std::map<std::string, Json> policies;           ///< of accounts by email, of the project by ""
  std::vector<Json> subnetworks;                  ///< in the service's order
  std::map<std::string, Json> instances, disks;   ///< by name
  std::map<std::string, std::vector<Json>> tpus;  ///< by zone
  std::map<std::string, int> calls;               ///< by id
  std::set<std::string> zones_in_trouble;         ///< cannot be asked
  std::string default_account = "1-compute@developer.gserviceaccount.com";

  Millis iam_delay{0};  ///< until IAM shows what was made
  std::size_t page = 1000;
  /// The program ends at this call, counted from 1: before or after its effect. 0: never.
  int kill_at = 0;
  bool kill_after_effect = false;
  /// The next call of this id is done, and its answer lost.
  std::string lose_answer_of;
  /// Calls of this id are refused for a right that is missing.
  std::string refuse;
  /// Called with each id before it is done.
  std::function<void(const std::string& id)> meanwhile;

  std::size_t objects() const { return firewalls.size() + accounts.size(); }
  /// Who has a role: members of the project's bindings, each with the role.
  std::set<std::string> members(const std::string& of = "") const;
  /// Forgets how many calls there were.
  void count_anew() {
    calls.clear();
    number_ = 0;
  }
  void add_instance(const std::string& name, const Json& more);

 private:
  struct Done {
    Json answer;
    ApiError error;
  };
  static Done refused(int status, const std::string& reason, const std::string& message);
  static Done missing(const std::string& what);
  Done done(const Call& call);
  Done compute(const Call& call, const std::string& what);
  Done firewall(const Call& call, const std::string& method);
  Done insert_rule(const Call& call);
  Done account(const Call& call, const std::string& method);
  Done create_account(const Call& call);
  Done policy(const Call& call, const std::string& of);
  Done set_policy(const Json& body, Json& policy);
  Done aggregated(const Call& call, const std::string& what);
  Done remove(const Call& call, std::map<std::string, Json>& from);
  Done operation();
  Done paged(const Call& call, const char* key, const std::vector<Json>& items) const;
  bool is_shown(const std::string& email) const;

  FakeClock& clock_;
  std::mutex mutex_;
  std::map<std::string, Time> shown_;  ///< when an account is to be seen
  std::set<std::string> request_ids_;
  int number_ = 0;
  int made_ = 0;
};

}  // namespace rayctl::gcp
