#pragma once
#include <string>

#include "autoscaler/story.h"
#include "autoscaler/what_if.h"

namespace rayctl {

/// A node's story in a few sentences. `now` is the time of the journal's last tick.
std::string render_story(const NodeStory& story, Time now);
Json story_json(const NodeStory& story);

/// What would become of one more request.
std::string render_what_if(const WhatIf& answer, const ResourceRequest& request);
Json what_if_json(const WhatIf& answer);

}  // namespace rayctl
