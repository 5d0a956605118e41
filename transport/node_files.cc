#include "transport/node_files.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>
#include <string_view>

#include "base/digest.h"
#include "base/text.h"
#include "transport/sync_scripts.h"

namespace rayctl {
namespace {

constexpr std::size_t kMostSaid = 1U << 30;  // of a list of files

using Looks = std::map<std::string_view, std::string_view>;

// Lines "SIZE DATE TIME ZONE NAME" or "CHECKSUM SIZE NAME"; a name begins with "./" or "/". A line
// that is none is the rest of a name with a newline in it.
Looks looks_of(std::string_view text) {
  Looks looks;
  std::string_view look, name;
  const auto keep = [&] {
    if (!name.empty()) looks[name.substr(0, name.size() - 1)] = look;
  };
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    const std::string_view line = text.substr(0, end);
    std::size_t at = line.find('/');
    if (at != std::string_view::npos && at > 0 && line[at - 1] == '.') --at;
    const bool begins = at != std::string_view::npos && at > 1 && line[at - 1] == ' ' &&
                        std::isdigit(static_cast<unsigned char>(line.front())) != 0;
    if (begins) {
      keep();
      look = line.substr(0, at);
      name = line.substr(at);
    } else if (!name.empty()) {
      name = std::string_view(name.data(), name.size() + line.size());
    }
    text.remove_prefix(end);
  }
  keep();
  return looks;
}

class Answer {
 public:
  explicit Answer(std::string_view text) : text_(text) {}
  std::vector<std::string> words() {
    const std::size_t end = std::min(text_.find('\n'), text_.size());
    std::vector<std::string> words = split(text_.substr(0, end), ' ');
    text_.remove_prefix(std::min(end + 1, text_.size()));
    return words;
  }
  std::string_view bytes(const std::string& count) {
    std::size_t size = 0;
    std::from_chars(count.data(), count.data() + count.size(), size);
    const std::string_view part = text_.substr(0, size);
    text_.remove_prefix(part.size());
    return part;
  }

 private:
  std::string_view text_;
};

void compare(NodeFiles& files, const MountPlace& place, const Looks& then, const Looks& now) {
  for (const ManifestEntry& entry : files.delivered.manifest.entries) {
    if (entry.kind == ManifestEntry::Kind::kFolder || entry.content == kUnknownContent) continue;
    const std::string name = entry.path.empty() ? place.path : place.path + "/" + entry.path;
    const auto was = then.find(name), is = now.find(name);
    if (is == now.end()) files.gone.insert(entry.path);
    if (was == then.end() || is == now.end()) continue;
    if (was->second != is->second) files.changed.insert(entry.path);
  }
}

}  // namespace

MountPlace mount_place(const std::string& remote) {
  MountPlace place{.remote = remote};
  while (place.remote.size() > 1 && place.remote.ends_with('/'))
    place.remote.pop_back();
  place.record = ".rayctl/mounts/" + sha256_hex(place.remote).substr(0, 20);
  if (place.remote == "~") {
    place.path = ".";
  } else if (place.remote.starts_with('/')) {
    place.path = place.remote;
  } else {
    place.path = "./" + (place.remote.starts_with("~/") ? place.remote.substr(2) : place.remote);
  }
  return place;
}

MountPlace copy_place(const std::string& remote) {
  MountPlace place = mount_place(remote);
  place.record = ".rayctl/mounts/" + sha256_hex("copy " + place.remote).substr(0, 20);
  return place;
}

Result<NodeFiles> look_at_mount(CommandRunner& runner, const MountPlace& place,
                                const Manifest* last, Time deadline) {
  const std::string known = last == nullptr ? "" : manifest_digest(*last).text;
  std::string said;
  const Command command{
      .argv = {"sh", "-c", sync_look_script(), "rayctl-sync", place.record, known}, .plain = true};
  const Result<CommandOutput> ran =
      runner.run(command, deadline, [&](std::string_view piece, bool is_stderr) {
        if (!is_stderr && said.size() < kMostSaid) said += piece;
      });
  if (!ran) return ran.error();
  Answer answer(said);
  NodeFiles files;
  const std::vector<std::string> state = answer.words();
  files.gzip = state.front() == "gzip";
  const std::vector<std::string> log = answer.words();
  if (ran->exit_code != 0 || (log.size() < 2 && log.front() != "none")) {
    Error error = permanent(ErrorCode::kFilesFailed,
                            "what was delivered to " + place.remote + " cannot be read");
    error.context = last_lines(ran->err, 5);
    return error;
  }
  if (log.front() == "none") return files;
  if (log.front() == "same") {
    files.delivered = {.manifest = *last, .readable = true, .complete = true};
    const std::string& size = log[1];
    std::from_chars(size.data(), size.data() + size.size(), files.log_size);
  } else {
    const std::string_view text = answer.bytes(log[1]);
    files.log_size = text.size();
    files.delivered = parse_delivered(std::string(text));
  }
  if (state.back() == "broken") files.delivered.complete = false;
  const std::vector<std::string> moved = answer.words();
  if (moved.size() == 3) {
    const Looks then = looks_of(answer.bytes(moved[1]));
    const Looks now = looks_of(answer.bytes(moved[2]));
    compare(files, place, then, now);
  }
  return files;
}

Result<std::vector<std::string>> block_sums_on_node(CommandRunner& runner, const MountPlace& place,
                                                    const std::string& root,
                                                    const std::vector<std::string>& files,
                                                    Time deadline) {
  std::vector<std::string> argv{"sh",          "-c",         sync_blocks_script(),
                                "rayctl-sync", place.record, root};
  argv.insert(argv.end(), files.begin(), files.end());
  std::string said;
  const Result<CommandOutput> ran = runner.run({.argv = argv, .plain = true}, deadline,
                                               [&](std::string_view piece, bool is_stderr) {
                                                 if (!is_stderr && said.size() < kMostSaid)
                                                   said += piece;
                                               });
  if (!ran) return ran.error();
  Answer answer(said);
  std::vector<std::string> sums;
  for (std::size_t i = 0; i < files.size() / 2; ++i)
    sums.emplace_back(answer.bytes(answer.words().front()));
  return sums;
}

}  // namespace rayctl
