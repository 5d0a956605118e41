#pragma once
#include <string>

namespace rayctl::gcp {

/// POSIX sh for a machine of Compute Engine: prints when it will be taken away, as format_time
/// writes, or nothing. A machine has 30 seconds from its notice; it is asked for with `curl` or
/// `wget`.
std::string spot_notice_script();

}  // namespace rayctl::gcp
