#pragma once
#include <functional>
#include <string>

#include "autoscaler/seats.h"

namespace rayctl {

/// Why a request has no place.
struct Verdict {
  bool impossible = false;  ///< no node type and no node that is there could ever hold it
  std::string because;
  bool operator==(const Verdict&) const = default;
};

/// Tells what could never be from what only waits. Cost of a question: the number of node types.
class Judge {
 public:
  /// `places_of`: how many more nodes of a type may be launched; `places`: of all types.
  Judge(const Config& config, const Census& census, const std::vector<TypeView>& types,
        std::function<int(int)> places_of, std::int64_t places);

  Verdict request(const ResourceRequest& request) const;
  Verdict gang(const Gang& gang) const;

 private:
  bool someone_holds(const ResourceRequest& request) const;
  std::string nobody_holds(const ResourceRequest& request) const;
  std::string in_the_way(const std::vector<int>& able) const;

  const Config& config_;
  const std::vector<TypeView>& types_;
  std::function<int(int)> places_of_;
  std::int64_t places_;
  std::vector<const FleetNode*> there_;  ///< as Ray sees them
  Resources most_;                       ///< that one of them has, by resource
};

}  // namespace rayctl
