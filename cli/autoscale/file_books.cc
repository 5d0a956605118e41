#include "cli/autoscale/file_books.h"

#include <unistd.h>

#include <fstream>
#include <utility>

#include "base/files.h"
#include "cli/autoscale/lease_process.h"
#include "cli/own_version.h"

namespace rayctl {
namespace {

constexpr char kFormat[] = "1.0";
constexpr std::size_t kLargest = 64U << 20;
constexpr std::size_t kLongestLog = 8U << 20;

Json read_json(const std::filesystem::path& path) {
  const Result<std::string> text = read_file(path, kLargest);
  if (!text) return nullptr;
  Json json = Json::parse(*text, nullptr, false);
  return json.is_object() ? json : Json(nullptr);
}

}  // namespace

std::filesystem::path autoscaler_folder(const std::filesystem::path& cluster_folder) {
  return cluster_folder / "autoscaler";
}

FileBooks::FileBooks(std::filesystem::path folder) : folder_(std::move(folder)) {
  if (Result<TickLog> ticks = TickLog::open(folder_)) ticks_ = *std::move(ticks);
}

Memory FileBooks::memory() {
  const Json json = read_json(folder_ / "memory.json");
  if (json.is_null()) return {};
  Result<Memory> memory = memory_from_json(json);
  return memory ? *std::move(memory) : Memory{};
}

void FileBooks::keep(const Ticked& tick, const Config& config) {
  static_cast<void>(
      write_file_atomic(folder_ / "memory.json", to_json(tick.decision.memory).dump() + "\n"));
  if (!ticks_) return;
  static_cast<void>(
      ticks_->append(make_tick(ticks_->next_number(), tick.at, tick.load, config, tick.fleet,
                               tick.before, tick.options, tick.decision, tick.done)));
}

Pause FileBooks::read_pause(const std::filesystem::path& folder) {
  const Json json = read_json(folder / "pause.json");
  Pause pause;
  if (json.is_null()) return pause;
  pause.all = json.value("all", false);
  for (const Json& type : json.value("types", Json::array())) {
    if (type.is_string()) pause.types.insert({type.get<std::string>()});
  }
  pause.who = json.value("who", "");
  const auto until = json.find("until");
  if (until != json.end() && until->is_string())
    pause.until = parse_time(until->get<std::string>());
  return pause;
}

Result<> FileBooks::write_pause(const std::filesystem::path& folder, const Pause& pause) {
  if (Result<> made = make_directories(folder); !made) return made;
  Json types = Json::array();
  for (const NodeTypeName& type : pause.types)
    types.push_back(type.text);
  const Json json = {{"format_version", kFormat},
                     {"all", pause.all},
                     {"types", types},
                     {"until", pause.until ? Json(format_time(*pause.until)) : Json(nullptr)},
                     {"who", pause.who}};
  return write_file_atomic(folder / "pause.json", json.dump() + "\n");
}

Json FileBooks::read_status(const std::filesystem::path& folder) {
  return read_json(folder / "status.json");
}

void FileBooks::show(const LoopStatus& status) {
  Json wanted = Json::object();
  for (const auto& [type, count] : status.wanted)
    wanted[type.text] = count;
  const Json json = {{"format_version", kFormat},
                     {"pid", getpid()},
                     {"process", this_process()},
                     {"version", own_version()},
                     {"at", format_time(status.at)},
                     {"since", format_time(status.since)},
                     {"state", status.state},
                     {"trouble", status.trouble},
                     {"holder", status.holder},
                     {"metrics", status.metrics},
                     {"wanted", wanted},
                     {"doing", status.doing}};
  static_cast<void>(write_file_atomic(folder_ / "status.json", json.dump() + "\n"));
}

void FileBooks::log(Time at, const std::string& line) {
  const std::filesystem::path path = folder_ / "autoscaler.log";
  std::error_code ignored;
  if (std::filesystem::file_size(path, ignored) > kLongestLog && !ignored) {
    std::filesystem::rename(path, folder_ / "autoscaler.log.1", ignored);
  }
  std::ofstream(path, std::ios::app) << format_time(at) << " " << line << "\n";
}

}  // namespace rayctl
