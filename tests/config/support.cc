#include "tests/config/support.h"

#include <gtest/gtest.h>

#include <cstdio>
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

void write_bytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string output_of(const std::string& line) {
  std::string out;
  FILE* pipe = popen(line.c_str(), "r");
  if (pipe == nullptr) {
    ADD_FAILURE() << "cannot run " << line;
    return out;
  }
  char part[4096];
  for (std::size_t got = 0; (got = fread(part, 1, sizeof part, pipe)) > 0;)
    out.append(part, got);
  EXPECT_EQ(pclose(pipe), 0) << line;
  return out;
}

}  // namespace rayctl
