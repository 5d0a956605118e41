#pragma once
#include <string>

#include "config/findings.h"
#include "config/yaml.h"

namespace rayctl {

/// What a file turned out to be.
struct Form {
  bool older = false;               ///< head_node / worker_nodes, or only the older counts
  bool has_start_commands = false;  ///< the file itself gives *_start_ray_commands
};

/// Turns a checked file into the newer form with every default filled in: what Ray's prepare_config
/// does, except that the older form's min_workers is obeyed where Ray 2 forgets it. The tree then
/// has available_node_types, head_node_type and the counts of every type.
Form to_newer_form(Yaml& root, const std::string& provider, Findings& findings);

}  // namespace rayctl
