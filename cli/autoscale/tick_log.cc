#include "cli/autoscale/tick_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <system_error>

#include "autoscaler/codec_fields.h"
#include "base/files.h"
#include "base/text.h"

namespace rayctl {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kBegin = "ticks-";
constexpr std::string_view kEnd = ".ndjson";
constexpr std::size_t kDigits = 12;

/// The files of a journal, the oldest first.
std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code problem;
  for (const auto& each : fs::directory_iterator(folder, problem)) {
    const std::string name = each.path().filename().string();
    if (name.starts_with(kBegin) && name.ends_with(kEnd)) files.push_back(each.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<std::int64_t> number_in(const Json& line) {
  const auto found = line.is_object() ? line.find("number") : line.end();
  if (!line.is_object() || found == line.end() || !found->is_number_integer()) return std::nullopt;
  return found->get<std::int64_t>();
}

/// The lines of the files, in order.
Result<std::vector<std::string>> lines_of(const fs::path& path) {
  std::error_code problem;
  std::vector<std::string> lines;
  if (!fs::exists(path, problem)) return lines;
  const bool folder = fs::is_directory(path, problem);
  for (const fs::path& file : folder ? files_in(path) : std::vector<fs::path>{path}) {
    const Result<std::string> text = read_file(file);
    if (!text) return text.error();
    for (std::string& line : split(*text, '\n')) {
      if (!line.empty()) lines.push_back(std::move(line));
    }
  }
  return lines;
}

/// The tick that a line stands for, `before` being the one before it; null if it cannot be read, or
/// rests on one that could not.
Json follow(const Json& before, std::string_view text) {
  Json line = Json::parse(text, nullptr, false);
  if (!number_in(line)) return {};
  const auto patch = line.find("patch");
  if (patch == line.end()) return line;
  const auto after = line.find("after");
  if (after == line.end() || before.is_null() || *after != before.at("number")) return {};
  try {
    return before.patch(*patch);
  } catch (const Json::exception&) {
    return {};
  }
}

}  // namespace

Result<TickLog> TickLog::open(const std::filesystem::path& folder, TickLogSize size) {
  if (Result<> made = make_directories(folder); !made) return made.error();
  TickLog log(folder, size);
  std::vector<fs::path> files = files_in(folder);
  if (files.empty()) return log;
  log.file_ = files.back();
  const Result<std::string> text = read_file(log.file_);
  if (!text) return text.error();
  // The name counts as well: a file may hold nothing but a line that was cut off.
  const std::string first = log.file_.filename().string().substr(kBegin.size(), kDigits);
  std::from_chars(first.data(), first.data() + first.size(), log.last_);
  for (const std::string& line : split(*text, '\n')) {
    const std::optional<std::int64_t> number = number_in(Json::parse(line, nullptr, false));
    log.last_ = std::max(log.last_, number.value_or(0));
  }
  log.torn_ = !text->empty() && !text->ends_with('\n');
  return log;
}

void TickLog::begin_file(std::int64_t number) {
  std::string digits = std::to_string(number);
  digits.insert(0, kDigits - std::min(kDigits, digits.size()), '0');
  file_ = folder_ / (std::string(kBegin) + digits + std::string(kEnd));
  before_ = {};
  torn_ = false;
  std::vector<fs::path> files = files_in(folder_);
  for (std::size_t i = 0; i + size_.files <= files.size(); ++i) {
    std::error_code ignored;
    fs::remove(files[i], ignored);
  }
}

Result<> TickLog::append(const Tick& tick) {
  std::error_code problem;
  const std::uintmax_t size = file_.empty() ? 0 : fs::file_size(file_, problem);
  if (file_.empty() || (!problem && size >= size_.file)) begin_file(tick.number);
  Json now = to_json(tick);
  std::string line;
  if (!before_.is_null()) {
    line = text_of({{"after", before_.at("number")},
                    {"format_version", kTickFormat},
                    {"number", tick.number},
                    {"patch", Json::diff(before_, now)}});
  }
  if (line.empty() || line.size() > whole_size_ / 2) {
    line = text_of(now);
    whole_size_ = line.size();
  }
  before_ = {};
  if (Result<> written = write(line + "\n"); !written) return written;
  before_ = std::move(now);
  last_ = std::max(last_, tick.number);
  return {};
}

Result<> TickLog::write(std::string line) {
  if (torn_) line.insert(0, "\n");
  const int fd = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  ssize_t written = -1;
  if (fd >= 0) {
    do {
      written = ::write(fd, line.data(), line.size());
    } while (written < 0 && errno == EINTR);
  }
  const int error = written < 0 ? errno : ENOSPC;
  if (fd >= 0) ::close(fd);
  if (written == static_cast<ssize_t>(line.size())) {
    torn_ = false;
    return {};
  }
  torn_ = torn_ || written > 0;
  return permanent(ErrorCode::kIo, "cannot write " + file_.string() + ": " +
                                       std::generic_category().message(error));
}

Result<std::size_t> read_ticks(const std::filesystem::path& path,
                               const std::function<void(const Tick&)>& each, std::size_t last) {
  const Result<std::vector<std::string>> lines = lines_of(path);
  if (!lines) return lines.error();
  if (lines->empty()) {
    return permanent(ErrorCode::kStateMissing,
                     "no decision of an autoscaler is recorded in " + path.string());
  }
  std::size_t unreadable = 0;
  Json record;
  for (std::size_t i = 0; i < lines->size(); ++i) {
    record = follow(record, (*lines)[i]);
    if (!record.is_null() && lines->size() - i > last) continue;
    const Result<Tick> tick = tick_from_json(record);
    if (tick) {
      each(*tick);
    } else if (tick.error().code == ErrorCode::kStateTooNew) {
      return tick.error();
    } else {
      ++unreadable;
    }
  }
  return unreadable;
}

}  // namespace rayctl
