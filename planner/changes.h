#pragma once
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "planner/inputs.h"

namespace rayctl::planning {

/// Names the YAML fields in which two digests differ, from the breakdowns of both. Where a
/// breakdown is not known, the name of the effect stands for them. Remembers what it worked out:
/// the nodes of a type share their digests.
class Changes {
 public:
  explicit Changes(const Inputs& in) : in_(in) {}
  /// Sorted; empty if the digests are equal.
  const std::vector<std::string>& fields(const Digest& before, const Digest& after,
                                         std::string_view effect);

 private:
  using Key = std::tuple<std::string, std::string, std::string>;  // a caller's digest may end
  const Inputs& in_;
  std::map<Key, std::vector<std::string>, std::less<>> known_;
};

/// The version of the program that decides on counts; "" for none. Where the recorded cluster has
/// no head (after `down`, say), none works, whatever was recorded of it.
std::string working_program(const Snapshot& snapshot);
std::string wanted_program(const Desired& desired);

/// Which steps a node that is kept needs so that it becomes what is wanted.
struct Needs {
  bool container = false, files = false, setup = false;
  bool stop = false, start = false;
  bool synced = false;
  bool any() const { return container || files || setup || stop || start || synced; }
  bool operator==(const Needs&) const = default;
};

/// From the digests alone: what was applied and what Ray was started with, against `want`. With
/// `files_beside_ray`, files alone do not restart Ray (Desired).
Needs needs_of(const NodeRecord& record, const SpecDigests& want, bool files_beside_ray);
/// The same for a node on which Ray goes on running as it does: what can be done beside it.
Needs needs_beside_ray(const NodeRecord& record, const SpecDigests& want);
/// The node must be made anew. An unknown (empty) digest of the launch is not a difference: nothing
/// is replaced for lack of knowledge.
bool launch_differs(const NodeRecord& record, const SpecDigests& want);
/// The fields for which Ray must restart.
std::vector<std::string> restart_fields(Changes& changes, const SpecDigests& running,
                                        const SpecDigests& want);

}  // namespace rayctl::planning
