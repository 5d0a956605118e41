#pragma once
#include "config/config.h"
#include "config/findings.h"
#include "config/yaml.h"

namespace rayctl {

/// Puts --cluster-name, --max-workers and --min-workers into a tree of the newer form, as if the
/// file said so. --max-workers=N is the cluster's max_workers; types without a max_workers of their
/// own follow.
/// --min-workers=N is the least number of workers in all: the first worker types of the file take
/// what is missing up to their max_workers, the last ones give up what is too much.
void apply_overrides(Yaml& root, const Yaml& written, const ParseOptions& options,
                     Findings& findings);

}  // namespace rayctl
