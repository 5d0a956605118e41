#include "cli/crash_point.h"

#include <signal.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <mutex>

namespace rayctl {
namespace {

struct Target {
  std::string place;  ///< "<verb>:<point>"; "" for any
  int nth = 1;
};

Target read_target(const std::string& text) {
  std::size_t digits = text.find_last_not_of("0123456789");
  if (digits == std::string::npos) return {"", std::atoi(text.c_str())};
  if (digits + 1 < text.size() && text[digits] == ':') {
    return {text.substr(0, digits), std::atoi(text.c_str() + digits + 1)};
  }
  return {text, 1};
}

struct Points {
  std::mutex mutex;
  std::string count_file;
  bool armed = false;
  Target target;
  int passed = 0;
};

}  // namespace

std::function<void(const std::string& point, const Action& action)> crash_point_hook(const Io& io) {
  auto points = std::make_shared<Points>();
  points->count_file = io.env("RAYCTL_CRASH_COUNT_FILE").value_or("");
  std::string at = io.env("RAYCTL_CRASH_AT").value_or("");
  points->armed = !at.empty();
  if (points->armed) points->target = read_target(at);
  if (!points->armed && points->count_file.empty()) {
    return [](const std::string&, const Action&) {};
  }
  return [points](const std::string& point, const Action& action) {
    std::lock_guard guard(points->mutex);
    std::string place = std::string(verb_of(action)) + ":" + point;
    if (!points->count_file.empty()) {
      std::ofstream(points->count_file, std::ios::app) << place << std::endl;
    }
    bool counts = points->target.place.empty() || points->target.place == place;
    if (points->armed && counts && ++points->passed == points->target.nth) raise(SIGKILL);
  };
}

}  // namespace rayctl
