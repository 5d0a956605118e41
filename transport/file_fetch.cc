#include "transport/file_fetch.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <optional>

#include "base/digest.h"
#include "base/text.h"
#include "transport/child_process.h"
#include "transport/tar_reader.h"

namespace rayctl {
namespace {

namespace fs = std::filesystem;

// Prints what the source is in one letter and a line break, then the archive.
constexpr char kSend[] = R"sh(
case $1 in "~") p=$HOME ;; "~/"*) p=$HOME/${1#"~/"} ;; *) p=$1 ;; esac
if [ -d "$p" ]; then
  echo d
  cd -- "$p" && exec tar -cf - .
elif [ -f "$p" ]; then
  echo f
  case $p in */*) cd -- "${p%/*}/" || exit 66 ;; esac
  exec tar -chf - "./${p##*/}"
fi
echo "$1 is not there" >&2
exit 66
)sh";

Error file_error(const std::string& doing, const fs::path& path) {
  return permanent(ErrorCode::kFilesFailed,
                   "cannot " + doing + " " + path.string() + ": " + std::strerror(errno));
}

/// The parts of a name without "." and empty ones; false if it is absolute or goes up.
bool safe_parts(const std::string& name, std::vector<std::string>& parts) {
  if (name.starts_with('/')) return false;
  for (const std::string& part : split(name, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") return false;
    parts.push_back(part);
  }
  return true;
}

// Whether a link in a folder at this depth stays inside. It may go up only at its beginning: later
// ".." would be taken from wherever another link leads.
bool link_stays_inside(const std::string& target, std::size_t depth) {
  if (target.empty() || target.front() == '/') return false;
  bool went_down = false;
  for (const std::string& part : split(target, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      went_down = true;
    } else if (went_down || depth-- == 0) {
      return false;
    }
  }
  return true;
}

class Staging final : public TarSink {
 public:
  ~Staging() override {
    std::error_code ignored;
    if (!stage_.empty()) fs::remove_all(stage_, ignored);
  }
  Staging() = default;
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  /// `name`: what the only file is called, if there is one.
  Result<> open(const fs::path& root, std::string name) {
    root_ = root;
    name_ = std::move(name);
    std::error_code failed;
    fs::create_directories(root_, failed);
    const fs::path stage = root_ / (".rayctl-fetch-" + random_hex(8));
    if (failed || ::mkdir(stage.c_str(), 0700) != 0) return file_error("write to", root_);
    stage_ = stage;
    return {};
  }

  Result<> member(const TarMember& member, const std::string& hard_link) override {
    if (Result<> closed = close(); !closed) return closed;
    std::vector<std::string> parts, other;
    if (!safe_parts(member.name, parts) || !safe_parts(hard_link, other)) {
      return permanent(ErrorCode::kFilesFailed,
                       "the node sent a name that leads out of the target: " + member.name);
    }
    if (!name_.empty()) parts = {name_};
    if (parts.empty()) return {};
    const std::string path = join(parts, "/");
    std::error_code failed;
    fs::create_directories((stage_ / path).parent_path(), failed);
    if (member.kind == TarMember::Kind::kFolder) {
      fs::create_directories(stage_ / path, failed);
      if (failed) return file_error("make the folder", root_ / path);
      folders_[path] = member.mode | S_IRWXU;
      return {};
    }
    if (member.kind == TarMember::Kind::kLink) {
      const bool stays = link_stays_inside(member.link_target, parts.size() - 1);
      if (stays) links_[path] = member.link_target;
      if (!stays) report_.left_out.push_back(path);
      return {};
    }
    ++report_.files;
    files_.push_back(path);
    if (!hard_link.empty()) {
      if (::link((stage_ / join(other, "/")).c_str(), (stage_ / path).c_str()) == 0) return {};
      return file_error("write", root_ / path);
    }
    return begin(path, member);
  }

  Result<> content(std::string_view bytes) override {
    report_.bytes += bytes.size();
    while (!bytes.empty()) {
      const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return file_error("write", root_ / files_.back());
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  }

  /// All has come: puts it into its place.
  Result<FetchReport> finish() {
    if (Result<> closed = close(); !closed) return closed.error();
    std::error_code failed;
    for (const auto& [path, mode] : folders_) {
      const bool is_new = fs::create_directories(root_ / path, failed);
      if (failed) return file_error("make the folder", root_ / path);
      if (is_new) ::chmod((root_ / path).c_str(), mode);
    }
    for (const std::string& path : files_) {
      if (Result<> moved = move(path); !moved) return moved.error();
    }
    for (const auto& [path, target] : links_) {
      fs::create_symlink(target, stage_ / path, failed);
      if (Result<> moved = move(path); !moved) return moved.error();
    }
    return std::move(report_);
  }

 private:
  Result<> begin(const std::string& path, const TarMember& member) {
    file_.reset(::open((stage_ / path).c_str(),
                       O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file_) return file_error("write", root_ / path);
    mode_ = member.mode;
    mtime_ = member.mtime;
    return {};
  }

  Result<> close() {
    if (!file_) return {};
    const timespec times[2] = {{.tv_sec = 0, .tv_nsec = UTIME_NOW},
                               {.tv_sec = mtime_, .tv_nsec = 0}};
    const bool good = ::fchmod(file_.get(), mode_) == 0 && ::futimens(file_.get(), times) == 0;
    if (!good || ::fdatasync(file_.get()) != 0) return file_error("write", root_ / files_.back());
    file_.reset();
    return {};
  }

  Result<> move(const std::string& path) const {
    std::error_code failed;
    fs::create_directories((root_ / path).parent_path(), failed);
    if (::rename((stage_ / path).c_str(), (root_ / path).c_str()) == 0) return {};
    return file_error("write", root_ / path);
  }

  fs::path root_, stage_;
  std::string name_;
  Fd file_;
  std::uint32_t mode_ = 0;
  std::int64_t mtime_ = 0;
  std::map<std::string, std::uint32_t> folders_;
  std::map<std::string, std::string> links_;
  std::vector<std::string> files_;
  FetchReport report_;
};

}  // namespace

Result<FetchReport> fetch_files(CommandRunner& runner, const std::string& remote,
                                const std::string& target, Time deadline) {
  Staging staging;
  TarReader reader(staging);
  std::string kind;
  std::size_t line_break = 1;  // after the letter
  std::optional<Error> failure;
  const auto begin = [&]() -> Result<> {
    std::string source = remote;
    const bool contents = source.ends_with('/') || source == "~";
    while (source.size() > 1 && source.ends_with('/'))
      source.pop_back();
    const std::string name = source.substr(source.rfind('/') + 1);
    std::error_code ignored;
    if (kind == "d") return staging.open(contents ? fs::path(target) : fs::path(target) / name, "");
    if (target.ends_with('/') || fs::is_directory(target, ignored)) {
      return staging.open(target, name);
    }
    const fs::path file(target);
    return staging.open(file.has_parent_path() ? file.parent_path() : fs::path("."),
                        file.filename().string());
  };
  const auto take = [&](std::string_view piece) -> Result<> {
    if (kind.empty()) {
      kind = piece.substr(0, 1);
      if (kind != "d" && kind != "f") {
        return permanent(ErrorCode::kFilesFailed, "the node did not send " + remote);
      }
      if (Result<> begun = begin(); !begun) return begun;
      piece.remove_prefix(1);
    }
    const std::size_t skip = std::min(line_break, piece.size());
    line_break -= skip;
    return reader.feed(piece.substr(skip));
  };
  const Command command{.argv = {"sh", "-c", kSend, "rayctl-fetch", remote}, .plain = true};
  const Result<CommandOutput> ran =
      runner.run(command, deadline, [&](std::string_view piece, bool is_stderr) {
        if (is_stderr || failure || piece.empty()) return;
        if (Result<> taken = take(piece); !taken) failure = taken.error();
      });
  if (failure) return *failure;
  if (!ran) return ran.error();
  if (ran->exit_code != 0 || !reader.ended()) {
    Error error = permanent(ErrorCode::kFilesFailed, "cannot fetch " + remote);
    error.context = last_lines(ran->err, 5);
    return error;
  }
  return staging.finish();
}

}  // namespace rayctl
