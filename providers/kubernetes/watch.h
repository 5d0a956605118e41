#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "providers/kubernetes/api.h"

namespace rayctl::kubernetes {

/// A watch's events out of the pieces of its answers, over several connections. For one thread.
/// https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
class WatchState {
 public:
  WatchState(std::string resource_version, const std::function<bool(const WatchEvent&)>& sink)
      : version_(std::move(resource_version)), sink_(sink) {}

  /// What the next connection asks.
  Query query(const Query& given) const;
  /// False: no more is wanted.
  bool take(std::string_view piece);
  /// The connection has ended: a last line counts if it is whole, and is forgotten if it was cut.
  void finish();

  /// Lines until now.
  int heard() const { return heard_; }
  bool expired() const { return expired_; }
  bool enough() const { return enough_; }
  Watched result(WatchEnd end) const { return {end, version_}; }

 private:
  bool take_line(std::string_view line);

  std::string version_;
  const std::function<bool(const WatchEvent&)>& sink_;
  std::string line_;
  int heard_ = 0;
  bool expired_ = false, enough_ = false;
};

}  // namespace rayctl::kubernetes
