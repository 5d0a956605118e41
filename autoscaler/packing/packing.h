#pragma once
#include <deque>
#include <unordered_map>
#include <vector>

#include "autoscaler/packing/contest.h"

namespace rayctl {

/// A node type that nodes can be launched of.
struct PackingType {
  Room room;       ///< of a new node
  int places = 0;  ///< how many more there may be; 0: none is launched
  Contest::Favour favour;
};

/// What went where.
struct Placement {
  int node = 0;
  std::vector<Take> takes;
};

/// Nodes with what is free on them, filled batch by batch: first those that are there, then new
/// ones. Nodes with equal rooms are one contender. A batch costs the number of different rooms, and
/// of nodes that take something, times the logarithm of the number of shapes.
class Packing {
 public:
  /// Types in the order of the config; `places` for new nodes of all types together.
  Packing(const Molds& molds, std::vector<PackingType> types, std::int64_t places)
      : molds_(molds), types_(std::move(types)), places_(places) {}

  /// Nodes are numbered from 0 in the order in which they come in. Of equals the first is taken.
  int add(const Room& room, int type);
  /// Places what it can; with `whole`, all or nothing. What has no place is left in `batch`.
  std::vector<Placement> place(Batch& batch, bool whole);

  int size() const { return static_cast<int>(nodes_.size()); }
  int type_of(int node) const { return nodes_[static_cast<std::size_t>(node)].type; }
  /// All nodes, in the order in which equals are taken.
  std::vector<int> order() const;
  std::int64_t places() const { return places_; }
  int places_of(int type) const { return types_[static_cast<std::size_t>(type)].places; }

 private:
  struct Node {
    int type = -1;
    std::int64_t order = 0;
  };
  /// Nodes with equal rooms, by order.
  struct Alike {
    Room room;
    std::deque<int> nodes;
  };
  struct Pick {
    int alike = -1;  ///< -1: a new node
    int type = -1;
    Trial trial;
  };

  int alike(const Room& room);
  int pop_front(int alike);
  void place_on_nodes(Batch& batch, std::vector<Pick>& picks);
  void place_on_new(Batch& batch, std::vector<Pick>& picks);
  std::vector<Placement> settle(std::vector<Pick>& picks);
  void seat(int node, const Room& room, std::int64_t order);
  Node& at(int node) { return nodes_[static_cast<std::size_t>(node)]; }

  const Molds& molds_;
  std::vector<PackingType> types_;
  std::int64_t places_;
  std::vector<Node> nodes_;
  std::deque<Alike> alikes_;
  std::vector<int> spare_;  ///< alikes without nodes
  std::unordered_map<Room, int, RoomHash> by_room_;
  std::int64_t first_ = 0, last_ = 0;  ///< orders that were given
};

}  // namespace rayctl
