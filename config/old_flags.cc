#include "config/old_flags.h"

#include <array>
#include <string_view>
#include <utility>

namespace rayctl {
namespace {

/// Ray's release notes of 0.8.6 and 1.0; none of the older ones is left in
/// ray/scripts/scripts.py of 2.60.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kRenamed = {{
    {"--webui-host", "--dashboard-host"},
    {"--include-webui", "--include-dashboard"},
    {"--redis-port", "--port"},
    {"--redis-address", "--address"},
}};

/// Where the option stands as a word of its own, after `from`; npos if nowhere.
std::size_t find_flag(const std::string& line, std::string_view flag, std::size_t from) {
  for (std::size_t at = line.find(flag, from); at != std::string::npos;
       at = line.find(flag, at + 1)) {
    const std::size_t end = at + flag.size();
    const bool begins = at == 0 || line[at - 1] == ' ' || line[at - 1] == '\t';
    const bool ends = end == line.size() || line[end] == '=' || line[end] == ' ';
    if (begins && ends) return at;
  }
  return std::string::npos;
}

bool starts_ray(const std::string& line) {
  return line.find("ray start") != std::string::npos;
}

}  // namespace

std::string with_new_flags(const std::string& line) {
  if (!starts_ray(line)) return line;
  std::string result = line;
  for (const auto& [old, now] : kRenamed) {
    for (std::size_t at = find_flag(result, old, 0); at != std::string::npos;
         at = find_flag(result, old, at + now.size())) {
      result.replace(at, old.size(), now);
    }
  }
  return result;
}

void check_old_flags(const Yaml& root, Findings& findings) {
  for (const char* key : {"head_start_ray_commands", "worker_start_ray_commands"}) {
    const Yaml* lines = root.find(key);
    if (lines == nullptr || !lines->is_list()) continue;
    for (const Yaml& line : lines->items) {
      if (!line.is_string() || !starts_ray(line.scalar.get_ref<const std::string&>())) continue;
      for (const auto& [old, now] : kRenamed) {
        const auto& text = line.scalar.get_ref<const std::string&>();
        if (find_flag(text, old, 0) == std::string::npos) continue;
        findings.error(line.where,
                       "`" + std::string(old) + "` is no option of `ray start` any more",
                       "write `" + std::string(now) + "`, or let `rayctl migrate` do it");
      }
    }
  }
}

}  // namespace rayctl
