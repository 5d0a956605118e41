#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "config/findings.h"
#include "config/yaml.h"

namespace rayctl {

inline constexpr std::size_t kMostBytes = 50'000'000;  ///< of a file; more is refused unread
inline constexpr int kMostDepth = 100;                 ///< of lists and maps in one another
inline constexpr int kMostNodes = 100'000;             ///< of values once aliases are expanded

/// Reads one YAML document as Ray's loader would, with the limits above. Stricter than Ray in one
/// thing: a key given twice is an error (Ray takes the last). Columns count bytes, lengths
/// characters. Never throws; nothing comes back where an error was found that leaves no tree.
std::optional<Yaml> read_yaml(std::string_view text, const std::string& file, Findings& findings);

}  // namespace rayctl
