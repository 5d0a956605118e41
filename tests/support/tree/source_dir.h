#pragma once
#include <string>

namespace rayctl {

/// The folder of the source tree, absolute, without a slash at its end. Known to one object file
/// alone, so that those of two clones are the same to a compiler's cache.
std::string source_dir();

}  // namespace rayctl
