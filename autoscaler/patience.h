#pragma once
#include "autoscaler/memory.h"

namespace rayctl {

/// Whether such a failure stops the whole type until one node has shown that it comes up: its
/// machines are paid for and useless. A launch that fails costs nothing and is only repeated later.
bool is_quarantine(Happened::Kind kind);

/// How long nothing is tried after `in_a_row` failures of a kind: 5 s doubling to 10 min for
/// launches, 30 s to 10 min for nodes that did not join, 1 min to 30 min for set-ups. Total.
Millis wait_after(Happened::Kind kind, int in_a_row);

/// When a trouble that does not come back is forgotten: 30 min after the next try was due.
Time forgotten_at(const Trouble& trouble);

/// 0 right after a trouble .. 1 when it is forgotten.
double recovered(const Trouble& trouble, Time now);

}  // namespace rayctl
