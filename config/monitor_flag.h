#pragma once
#include <string>

namespace rayctl {

/// A start command in which `--autoscaling-config` and its value are replaced by `--no-monitor`, so
/// that `ray start --head` does not start Ray's own autoscaler. The rest stays as written.
std::string without_monitor(const std::string& line);

}  // namespace rayctl
