#pragma once
#include <string>

#include "config/config.h"

namespace rayctl {

/// Parses text as /here/cluster.yaml without looking at the disk.
Parsed parse(const std::string& yaml);
/// The config of a text that has no error; a test failure otherwise.
Config good(const std::string& yaml);
/// Every diagnostic as "line:column: error: summary | remedy".
std::string listed(const Parsed& parsed);
/// A file's bytes; a test failure if it is not there.
std::string bytes_of(const std::string& path);
void write_bytes(const std::string& path, const std::string& bytes);
/// What a shell line prints; a test failure if it fails.
std::string output_of(const std::string& line);

}  // namespace rayctl
