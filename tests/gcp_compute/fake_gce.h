#pragma once
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "model/tags.h"
#include "providers/gcp/api.h"

namespace rayctl::gcp {

/// A small Compute Engine that keeps machines, labels with their fingerprints, capacity, requestIds
/// and operations as the real one does. Set it up before threads start; the calls are thread-safe.
class FakeGce final : public Api {
 public:
  struct Machine {
    std::string name, zone, status = "RUNNING";
    bool spot = false;
    std::map<std::string, std::string> labels;
    Json body;       ///< as it was asked for
    int hidden = 0;  ///< how many more lists do not show it yet
  };
  using Slot = std::pair<std::string, std::string>;  ///< zone and market

  Reply<Json> call(const Call& call, Time deadline) override;

  Machine& add(const Machine& machine);
  std::vector<Machine> living() const;  ///< those that run or will
  int calls(const std::string& id) const;

  std::map<Slot, int> capacity;         ///< machines that are still to be had; else many
  std::map<Slot, std::string> refuses;  ///< the reason that every insert's operation ends with
  std::map<std::string, Machine> machines;
  std::map<std::string, ApiError> refuse_once;  ///< by call id: one call gets that
  std::set<std::string> never_end;              ///< operations of these calls
  std::size_t page = 500;
  int lag = 0;  ///< lists that do not show a new machine yet
  /// Called before a call has its effect, and after it: may throw, as a program that dies would.
  std::function<void(const std::string& id)> before, after;
  /// Whether the answer of this call is lost. Its effect is there.
  std::function<bool(const Call& call)> loses;
  std::vector<Call> inserts;  ///< as they came

 private:
  struct Begun {
    std::string call;
    ApiError error;
    std::string zone;
  };
  Reply<Json> act(const Call& call);
  Reply<Json> insert(const Call& call, const std::string& zone);
  Reply<Json> change(const Call& call, Machine& machine);
  Reply<Json> list(const Call& call);
  Reply<Json> wait(const std::string& name) const;
  Json begin(const std::string& call, const std::string& zone, ApiError error = {});
  static Json shown(const Machine& machine);

  mutable std::mutex mutex_;
  std::map<std::string, Begun> operations_;      ///< by name
  std::map<std::string, std::string> requests_;  ///< requestId -> operation
  std::map<std::string, int> calls_;
  int last_ = 0;
};

/// An answer that is an error, as the client makes it.
Reply<Json> refused(const std::string& id, ApiError error);

}  // namespace rayctl::gcp
