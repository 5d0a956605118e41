#pragma once
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "providers/kubernetes/api.h"

namespace rayctl::kubernetes {

/// A small API server in memory: objects by path, server-side apply of one manager beside fields
/// that others hold, finalizers, a quota of pods, rights. What it says is worded as the real one
/// words it. Thread-safe.
class FakeApi final : public Api {
 public:
  FakeApi();
  Result<ApiAnswer> call(const ApiCall& call, Time deadline) override;
  Result<ApiList> list(const std::string& path, const Query& query, Time deadline) override;
  Result<Watched> watch(const std::string& path, const Query& query,
                        const std::string& resource_version,
                        const std::function<bool(const WatchEvent&)>& sink, Time deadline,
                        std::stop_token stop) override;
  Result<ApiSocket> open(const ApiCall& call, const std::string& protocol, Time deadline) override;
  const Target& target() const override { return target_; }

  /// Puts an object there as somebody else would.
  void put(const std::string& path, Json object);
  Json at(const std::string& path);
  std::vector<std::string> paths();
  /// The present resource version.
  std::string version();
  /// Calls of a method since the last time this was asked.
  int calls(const std::string& method);

  std::set<std::string> denied;  ///< "get namespaces": rights that we do not have
  std::set<std::string> held;    ///< paths whose fields another manager holds
  int most_pods = 1'000'000;     ///< of the quota
  bool pods_run = true;          ///< as soon as they are made
  /// What every watch ends with; what each was asked.
  Result<Watched> watched = Watched{};
  std::vector<std::string> watches;
  std::optional<Error> after_effect;  ///< once: what is answered after the next change is made

 private:
  ApiAnswer answer(const ApiCall& call);
  ApiAnswer create(const ApiCall& call);
  ApiAnswer patch(const ApiCall& call);
  ApiAnswer remove(const ApiCall& call);
  Json discover(const std::string& path) const;
  std::vector<Json> items(const std::string& path, const Query& query) const;
  Json stored(const std::string& path, Json object);

  std::mutex mutex_;
  std::map<std::string, Json> objects_;
  std::map<std::string, int> calls_;
  Target target_;
  int number_ = 0;
};

}  // namespace rayctl::kubernetes
