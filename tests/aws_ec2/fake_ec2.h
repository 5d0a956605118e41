#pragma once
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "model/tags.h"
#include "providers/aws/api.h"
#include "providers/aws/subnets.h"

namespace rayctl::aws {

/// A small EC2 that keeps machines, tags, capacity and client tokens as the real one does. Set it
/// up before threads start; the calls are thread-safe.
class FakeEc2 final : public Api {
 public:
  struct Machine {
    std::string id, state = "pending", type, zone, subnet, token;
    bool spot = false;
    Tags tags, volume_tags;  ///< as EC2 has them: Name
    int hidden = 0;          ///< how many more lists do not show it yet
  };
  using Slot = std::pair<std::string, std::string>;  ///< zone and market

  FakeEc2();
  Reply<Answer> query(const std::string& service, const std::string& action, Params params,
                      Time deadline) override;
  Reply<Json> json(const std::string& service, const std::string& target, const Json& body,
                   Time deadline) override;
  const std::string& region() const override { return region_; }

  Machine& add(Machine machine);
  /// Pending or running ones.
  std::vector<Machine> living() const;
  int calls(const std::string& action) const;

  std::vector<Subnet> subnets;                    ///< one per zone a, b, c at first
  std::map<std::string, std::string> groups;      ///< security group -> VPC
  std::map<Slot, int> capacity;                   ///< machines that are still to be had; else many
  std::map<Slot, std::string> refuses;            ///< the code that every call gets there
  std::map<std::string, std::string> parameters;  ///< of SSM
  std::map<std::string, Json> types;  ///< instance type -> {"vcpus", "mib", "gpu", "gpus"}
  std::map<std::string, Machine> machines;
  std::map<std::string, int> refuse_once;  ///< action -> how many calls are throttled to the end
  std::map<std::string, std::string> templates;  ///< "name version" -> its user data
  std::size_t page = 1000;
  int lag = 0;  ///< lists that do not show a new machine yet
  /// Called before an action has its effect, and after it: may throw, as a program that dies would.
  std::function<void(const std::string& action)> before, after;
  /// Whether the answer of this call is lost. Its effect is there.
  std::function<bool(const std::string& action)> loses;
  std::vector<Params> launches;  ///< all calls of RunInstances as they came

 private:
  struct Done {
    Params params;
    std::vector<std::string> ids;
  };
  Reply<Answer> act(const std::string& action, const Params& params);
  Reply<Answer> run(const Params& params);
  Reply<Answer> describe(const Params& params);
  Reply<Answer> change(const std::string& action, const Params& params);
  Reply<Answer> describe_types(const Params& params) const;
  Reply<Answer> show(const std::vector<std::string>& ids) const;
  const std::string region_ = "us-west-2";
  mutable std::mutex mutex_;
  std::map<std::string, Done> done_;  ///< by ClientToken
  std::map<std::string, int> calls_;
};

}  // namespace rayctl::aws
