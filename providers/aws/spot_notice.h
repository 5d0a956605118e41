#pragma once
#include <string>

namespace rayctl::aws {

/// A POSIX sh script for an instance: prints when EC2 takes it back (as format_time writes),
/// nothing if no notice was given. Source: EC2 User Guide, Spot Instance interruption notices
/// (about two minutes before).
std::string spot_notice_script();

}  // namespace rayctl::aws
