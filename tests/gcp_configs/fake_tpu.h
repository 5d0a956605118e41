#pragma once
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "providers/gcp/api.h"

namespace rayctl::gcp {

/// A small Cloud TPU that keeps nodes and operations as the real one does. Set it up before threads
/// start; the calls are thread-safe.
class FakeTpu final : public Api {
 public:
  Reply<Json> call(const Call& call, Time deadline) override;

  /// Puts a node there: "us-central1-b", "one-tpu".
  Json& add(const std::string& zone, const std::string& name, const std::string& state,
            std::map<std::string, std::string> labels);
  Json* find(const std::string& zone, const std::string& name);
  int calls(const std::string& id) const;
  std::vector<Call> made() const;

  std::map<std::string, Json> nodes;                   ///< by path
  std::map<std::string, Json> ends;                    ///< by id: how its operations fail
  std::map<std::string, std::deque<ApiError>> refuse;  ///< by id: what its next calls get
  std::set<std::string> without, unreachable;          ///< zones
  int polls = 2;  ///< how often an operation is asked for until it is done
  std::size_t page = 1000;

 private:
  struct Begun {
    std::string call, node;
    int left = 0;
  };
  Reply<Json> act(const Call& call);
  Reply<Json> list(const Call& call, const std::string& zone) const;
  Reply<Json> create(const Call& call, const std::string& zone);
  Reply<Json> change(const Call& call);
  Reply<Json> operation(const std::string& name);
  void finish(const Begun& begun);
  Json begin(const std::string& call, const std::string& node);

  mutable std::mutex mutex_;
  std::vector<Call> made_;
  std::map<std::string, Begun> operations_;
};

}  // namespace rayctl::gcp
