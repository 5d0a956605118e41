#pragma once
#include <filesystem>
#include <string>

#include "model/snapshot.h"
#include "state/store.h"

namespace rayctl {

// What an operator's records give those of the autoscaler beside the head: machines can be seen
// there too, but not what was pinned and what was made beside machines.

/// Of an operator's records, what holds while that operator goes on: no open operations, and no
/// nodes that are not ready. The text of a bundle's records.json. Pure.
std::string to_hand_over(const Snapshot& now);

/// The records of an autoscaler once they were given. What it has begun itself it goes on with.
/// Pure.
Snapshot taken_over(const Snapshot& own, Snapshot given);

/// Takes over the records in `bundle`, once. Not while another process changes the store.
Result<> take_over_records(StateStore& store, const std::filesystem::path& bundle,
                           const std::filesystem::path& state_folder);

}  // namespace rayctl
