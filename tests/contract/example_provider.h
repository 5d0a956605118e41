#pragma once
#include <filesystem>
#include <memory>

#include "providers/provider.h"

namespace rayctl {

/// A provider whose machines are lines of a file: the one that docs/providers.md builds.
std::unique_ptr<Provider> make_example_provider(std::filesystem::path file);

}  // namespace rayctl
