#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "model/load.h"

namespace rayctl {

/// Ray's own: every node has one of each, and lists it only where some of it is in use.
inline constexpr std::string_view kImplicitPrefix = "node:__internal_implicit_resource_";
/// With a group's id behind it: the label of nodes that hold a bundle of that placement group.
inline constexpr std::string_view kGroupLabelPrefix = "_PG_";

/// The resources and labels that a load speaks of. Nothing else tells two nodes apart.
class Vocabulary {
 public:
  explicit Vocabulary(const Load& load);

  /// The number of a resource that is asked for; -1 if nobody asks for it.
  int resource(const std::string& name) const;
  /// Those of them that every node has.
  const std::map<std::string, int>& implicit() const { return implicit_; }
  const std::set<std::string>& labels() const { return labels_; }

 private:
  void add(const ResourceRequest& request);

  std::unordered_map<std::string, int> resources_;
  std::map<std::string, int> implicit_;
  std::set<std::string> labels_;
};

/// How well labels fit a request: the number of alternatives from the one that holds on (the first
/// of three: 3, the last: 1), 0 if none does; nullopt if the request asks for no label.
std::optional<int> label_rank(const ResourceRequest& request,
                              const std::map<std::string, std::string>& labels);

}  // namespace rayctl
