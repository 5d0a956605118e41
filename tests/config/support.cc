#include "tests/config/support.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace rayctl {

Parsed parse(const std::string& yaml) {
  return parse_config(yaml, "/here/cluster.yaml", {.home = "/home/me", .check_mounts = false});
}

Config good(const std::string& yaml) {
  Parsed parsed = parse(yaml);
  EXPECT_TRUE(parsed.config) << listed(parsed);
  return parsed.config.value_or(Config{});
}

std::string listed(const Parsed& parsed) {
  std::string text;
  for (const Diagnostic& each : parsed.diagnostics) {
    text += std::to_string(each.where->line) + ":" + std::to_string(each.where->column) + ": " +
            (each.severity == Severity::kError ? "error: " : "warning: ") + each.summary;
    if (!each.remedy.empty()) text += " | " + each.remedy;
    text += "\n";
  }
  return text;
}

std::string bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path << " is not there. Run ./dev setup";
  std::ostringstream bytes;
  bytes << in.rdbuf();
  return bytes.str();
}

}  // namespace rayctl
