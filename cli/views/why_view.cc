#include "cli/views/why_view.h"

#include <array>

#include "autoscaler/words.h"
#include "base/text.h"
#include "cli/output.h"
#include "cli/views/node_list.h"
#include "cli/views/tick_view.h"

namespace rayctl {
namespace {

using Stage = FleetNode::Stage;

std::string moment(const NodeStory::Moment& when) {
  return time_for_people(when.at) + " (tick " + std::to_string(when.tick) + ")";
}

std::string beginning(const NodeStory& story) {
  if (story.launched) {
    const std::string& because = story.launched->because;
    return "launched " + moment(*story.launched) + (because.empty() ? "" : ": " + because);
  }
  const Time since = story.last.since;
  std::string text = since == Time{} ? "there" : "launched " + time_for_people(since);
  if (story.from_the_start) return text + ", before this journal begins";
  return text + ", not by a decision of the autoscaler";
}

std::string seconds(double count) {
  return format_age(Millis{static_cast<std::int64_t>(std::min(count, 1e9) * 1000)});
}

/// What keeps a running node.
std::string keeping(const NodeStory& story) {
  if (story.last.head) return "it is the head, which is never removed";
  if (!story.kept.empty()) return story.kept;
  if (!story.idle) {
    const std::string what = join(story.last.activity, "; ");
    return "in use" + (what.empty() ? "" : ": " + what);
  }
  return "idle for " + format_age(*story.idle) + " of the " + seconds(story.timeout_s) +
         " after which it goes";
}

std::string standing(const NodeStory& story) {
  switch (story.last.stage) {
    case Stage::kAsked:
      return "its machine is asked for";
    case Stage::kStarting:
      return "it starts";
    case Stage::kRunning:
      return keeping(story);
    case Stage::kLeaving:
      return "it is being removed";
    case Stage::kFailed:
      return story.held ? "it is left as it is until its type is tried again" : "it is tried again";
  }
  return "";
}

Json moment_json(const std::optional<NodeStory::Moment>& when) {
  if (!when) return nullptr;
  return {{"tick", when->tick}, {"at", format_time(when->at)}, {"because", when->because}};
}

}  // namespace

std::string render_story(const NodeStory& story, Time now) {
  std::string text = beginning(story) + "\n";
  if (story.joined && !story.from_the_start) text += "joined Ray " + moment(*story.joined) + "\n";
  if (story.failed) text += "failed " + moment(*story.failed) + ": " + story.failed->because + "\n";
  if (story.released) {
    text +=
        "to be removed since " + moment(*story.released) + ": " + story.released->because + "\n";
  }
  if (story.gone) return text + "gone " + moment(*story.gone) + "\n";
  if (story.last.ends_at) {
    text += "its provider takes it away " + time_for_people(*story.last.ends_at) + "\n";
  }
  return text + "as of " + time_for_people(now) + ": " + standing(story) + "\n";
}

Json story_json(const NodeStory& story) {
  return {{"format_version", kOutputFormat},
          {"node", story.node.text},
          {"type", story.last.type.text},
          {"launched", moment_json(story.launched)},
          {"before_journal", story.from_the_start},
          {"joined", moment_json(story.joined)},
          {"failed", moment_json(story.failed)},
          {"released", moment_json(story.released)},
          {"gone", moment_json(story.gone)},
          {"now", story.gone ? Json() : Json(standing(story))},
          {"idle_s", story.idle ? Json(static_cast<double>(story.idle->count()) / 1000) : Json()},
          {"idle_timeout_s", story.timeout_s}};
}

std::string render_what_if(const WhatIf& answer, const ResourceRequest& request) {
  std::string text = in_words(request);
  switch (answer.kind) {
    case WhatIf::Kind::kFits:
      text += " fits now on " + node_list(answer.nodes);
      break;
    case WhatIf::Kind::kOnItsWay:
      text += " has a place on a node that is being launched or started";
      break;
    case WhatIf::Kind::kLaunches:
      text += " would launch 1 " + answer.type.text + ": " + answer.because;
      break;
    case WhatIf::Kind::kWaits:
      text += " would wait: " + answer.because;
      break;
    case WhatIf::Kind::kImpossible:
      text += " will never run here: " + answer.because;
      break;
  }
  text += "\n";
  if (answer.waiting > 0) {
    const bool one = answer.waiting == 1;
    text += std::to_string(answer.waiting) + (one ? " such request waits" : " such requests wait") +
            " already";
    if (answer.kind == WhatIf::Kind::kImpossible) text += "; Ray is told so";
    text += "\n";
  }
  return text;
}

Json what_if_json(const WhatIf& answer) {
  static constexpr std::array<const char*, 5> kKinds = {"fits", "on-its-way", "launches", "waits",
                                                        "impossible"};
  Json nodes = Json::array();
  for (const NodeName& node : answer.nodes)
    nodes.push_back(node.text);
  return {{"format_version", kOutputFormat},
          {"answer", kKinds.at(static_cast<std::size_t>(answer.kind))},
          {"nodes", nodes},
          {"type", answer.type.empty() ? Json() : Json(answer.type.text)},
          {"because", answer.because},
          {"waiting", answer.waiting}};
}

}  // namespace rayctl
