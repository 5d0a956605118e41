#pragma once
#include <string>

#include "config/config.h"
#include "config/findings.h"
#include "config/keys.h"
#include "config/yaml.h"

namespace rayctl {

/// provider.type as written; empty, with a finding, if it is not there or nobody knows it.
std::string check_provider_type(const Yaml& root, Findings& findings);

/// Keys and types of the whole file as it was written, node_config and provider included.
void check_shape(const Yaml& root, const std::string& provider, Findings& findings);

/// What one provider asks beyond the shape: `process` and `local` have rules of their own.
void check_provider_rules(const Yaml& root, const std::string& provider, Findings& findings);

/// Names, counts and references between keys, on the tree that to_newer_form made.
void check_meaning(const Yaml& root, const std::string& provider, Findings& findings);

/// File mounts: remote paths, and sources that are not there. Looks at the disk.
void check_mounts(const Yaml& root, const std::string& provider, const std::string& file,
                  const ParseOptions& options, Findings& findings);

/// Where a mount's source is: absolute, "~" expanded, relative to the folder of `file`.
std::string mount_source(const std::string& local, const std::string& file,
                         const std::string& home);

}  // namespace rayctl
