#pragma once
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "autoscaler/arrange.h"
#include "autoscaler/census.h"
#include "autoscaler/packing/packing.h"

namespace rayctl {

/// Why a node is launched.
enum class Purpose { kMinimum, kAsked, kGang, kDemand, kUse };

/// So many requests of one kind.
struct Amounts {
  const ResourceRequest* request = nullptr;
  std::int64_t count = 0;
};

/// A new node, and what it is for.
struct NewNode {
  int type = 0;
  Purpose purpose = Purpose::kMinimum;
  const Gang* gang = nullptr;    ///< of kGang
  std::vector<Amounts> holds{};  ///< of kAsked, kGang, kDemand
};

/// A node type as decisions see it.
struct TypeView {
  const NodeTypeConfig* config = nullptr;
  Resources resources;  ///< as in the file; if it says nothing, those of a node that runs
  std::map<std::string, std::string> labels;
  int places = 0;       ///< new nodes that there is room for at first
  std::string blocked;  ///< why there are none beside the maxima; "" if nothing else is in the way
  Contest::Favour favour;
};

/// The types of the config in its order. The head's has no places.
std::vector<TypeView> view_types(const Config& config, const Census& census, const Brakes& brakes);

/// Where everything that is asked for goes: onto the nodes that are there, and onto new ones.
class Seats {
 public:
  Seats(const Load& load, const Config& config, const Census& census,
        const std::vector<TypeView>& types);

  /// What found no place.
  struct Unplaced {
    std::vector<Demand> demands;
    std::vector<const Gang*> gangs;
    bool asked = false;  ///< request_resources as a whole
  };

  void launch_minimum();
  void place_asked();
  void place_gangs();
  void place_demands();

  const std::vector<NewNode>& launches() const { return launches_; }
  const Unplaced& unplaced() const { return unplaced_; }
  /// What holds a resident; nullptr if nothing was put there.
  const ResourceRequest* held_by(std::size_t resident) const { return held_by_[resident]; }
  int places_of(int type) const;
  std::int64_t places() const;

 private:
  /// A node of a packing: someone who is there, or a launch.
  struct Seat {
    int resident = -1;
    int launch = -1;
  };

  Room room_of(const Resident& resident, bool empty);
  std::vector<PackingType> packing_types() const;
  void open(const std::vector<Seat>& order);
  void record(const Packing& packing, std::vector<Seat>& seats,
              const std::vector<Placement>& placed, const Batch& batch, Purpose purpose,
              const Gang* gang);
  bool place_gang(const Gang& gang);

  const Load& load_;
  const Census& census_;
  const std::vector<TypeView>& types_;
  Vocabulary words_;
  Molds molds_;
  std::vector<Room> fresh_;  ///< by type
  std::vector<int> places_left_;
  std::int64_t places_ = 0;
  std::vector<NewNode> launches_;
  std::vector<const ResourceRequest*> held_by_;
  std::deque<ResourceRequest> merged_;  ///< of gangs that must be on one node
  std::optional<Packing> packing_;      ///< of what is free
  std::vector<Seat> seats_;             ///< of packing_
  Unplaced unplaced_;
};

/// The bundles of a STRICT_PACK gang as one request.
ResourceRequest merged(const std::vector<ResourceRequest>& bundles);

}  // namespace rayctl
