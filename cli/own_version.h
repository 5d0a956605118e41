#pragma once

namespace rayctl {

/// The version of this program: "0.1.0". In a file of its own, so that tests can link the program
/// with another one.
const char* own_version();

}  // namespace rayctl
