#include "tests/autoscale/chaos.h"

#include "base/text.h"

namespace rayctl {

ChaosCounts& ChaosCounts::operator+=(const ChaosCounts& other) {
  for (int ChaosCounts::*const each :
       {&ChaosCounts::ticks, &ChaosCounts::decisions, &ChaosCounts::kills, &ChaosCounts::errors,
        &ChaosCounts::left, &ChaosCounts::applies, &ChaosCounts::yields, &ChaosCounts::jumps,
        &ChaosCounts::gcs_outages, &ChaosCounts::head_restarts, &ChaosCounts::machines_taken,
        &ChaosCounts::deaf, &ChaosCounts::lost_books, &ChaosCounts::launched, &ChaosCounts::removed,
        &ChaosCounts::failed_set_ups, &ChaosCounts::tasks}) {
    this->*each += other.*each;
  }
  return *this;
}

std::string in_words(const ChaosCounts& counts) {
  const auto say = [](int count, const char* what) { return std::to_string(count) + " " + what; };
  return join(
      {say(counts.ticks, "ticks"), say(counts.decisions, "decisions"), say(counts.kills, "kills"),
       say(counts.errors, "failed calls"), say(counts.left, "plans left half-way"),
       say(counts.applies, "operator's applies"), say(counts.yields, "yields to them"),
       say(counts.jumps, "clock jumps"), say(counts.gcs_outages, "GCS outages"),
       say(counts.head_restarts, "head crashes"), say(counts.machines_taken, "machines taken away"),
       say(counts.deaf, "machines that never join or answer"),
       say(counts.failed_set_ups, "failed set-ups"), say(counts.lost_books, "lost books"),
       say(counts.launched, "launched"), say(counts.removed, "removed"),
       say(counts.tasks, "tasks done")},
      ", ");
}

}  // namespace rayctl
