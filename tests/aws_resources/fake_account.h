#pragma once
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "providers/aws/api.h"
#include "providers/aws/security_rules.h"
#include "providers/provider.h"
#include "tests/support/fake_clock.h"

namespace rayctl::aws {

/// Thrown out of a call: the program ended there.
struct Killed {};

/// An account of EC2 and IAM with state, as far as key pairs, groups, roles and profiles go. It
/// refuses what the services refuse, and shows what IAM made only after a while. Thread-safe.
class FakeAccount final : public Api {
 public:
  struct Key {
    std::string id, public_line;
    Tags tags;
  };
  struct Group {
    std::string name, vpc;
    Tags tags;
    std::vector<SecurityRule> rules;
  };
  struct Role {
    std::string trust;
    Tags tags;
    std::map<std::string, std::string> policies;
    std::set<std::string> attached;
    Time shown;
  };
  struct Profile {
    Tags tags;
    std::string role;
    Time shown, role_shown;
  };
  struct Instance {
    std::string state, key;
    std::set<std::string> groups;
    std::string profile;
    Tags tags;
  };
  struct Thing {
    std::string status;
    Tags tags;
  };

  explicit FakeAccount(FakeClock& clock) : clock_(clock) {}

  Reply<Answer> query(const std::string& service, const std::string& action, Params params,
                      Time deadline) override;
  Reply<Json> json(const std::string& service, const std::string& target, const Json& body,
                   Time deadline) override;
  const std::string& region() const override { return region_; }

  std::map<std::string, Key> keys;
  std::map<std::string, Group> groups;  ///< by id
  std::map<std::string, Role> roles;
  std::map<std::string, Profile> profiles;
  std::map<std::string, Instance> instances;
  std::map<std::string, Thing> volumes, interfaces;
  std::map<std::string, int> calls;  ///< by action

  Millis iam_delay{0};  ///< until IAM shows what was made
  std::size_t page = 1000;
  /// The program ends at this call, counted from 1: before or after its effect. 0: never.
  int kill_at = 0;
  bool kill_after_effect = false;
  /// The next call of this action is done, and its answer lost.
  std::string lose_answer_of;
  /// Called with each action before it is done.
  std::function<void(const std::string& action)> meanwhile;

  std::size_t objects() const {
    return keys.size() + groups.size() + roles.size() + profiles.size();
  }
  /// Forgets how many calls there were.
  void count_anew() {
    calls.clear();
    number_ = 0;
  }
  static std::string arn(const std::string& kind, const std::string& name) {
    return "arn:aws:iam::123456789012:" + kind + "/" + name;
  }

 private:
  struct Done {
    std::string xml;
    std::string code;  ///< of an error; "" for none
  };
  Done ec2(const std::string& action, const Params& params);
  Done key_pairs(const std::string& action, const Params& params);
  Done security_groups(const std::string& action, const Params& params);
  Done change_rules(const std::string& action, const Params& params);
  Done iam(const std::string& action, const Params& params);
  Done iam_roles(const std::string& action, const Params& params);
  Done iam_profiles(const std::string& action, const Params& params);
  Done described_instances(const Params& params);
  Done described(const char* list, const char* id_name, const std::map<std::string, Thing>& things,
                 const Params& params);
  std::string paged(const char* list, const char* item, const std::vector<std::string>& items,
                    const Params& params, bool marker) const;
  std::string next_id(const char* kind);

  FakeClock& clock_;
  std::mutex mutex_;
  std::string region_ = "us-west-2";
  int number_ = 0;
  int made_ = 0;
};

}  // namespace rayctl::aws
