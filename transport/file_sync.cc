#include "transport/file_sync.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "base/digest.h"
#include "base/text.h"
#include "transport/byte_sources.h"
#include "transport/delivery.h"
#include "transport/file_copy.h"
#include "transport/sync_archive.h"
#include "transport/sync_scripts.h"

namespace rayctl {
namespace {

using Kind = ManifestEntry::Kind;

constexpr std::uint64_t kSurelyPack = 1U << 18;  // bytes that are compressed without a trial
constexpr double kWorthwhile = 0.85;             // of the size, after compression
constexpr std::uint64_t kProgressStep = 1U << 20;
constexpr std::size_t kMostCompared = 256;  // large files, by blocks
constexpr std::size_t kSamples = 16, kSample = 1U << 15;
constexpr std::size_t kToken = 8;

class Sync {
 public:
  Sync(CommandRunner& runner, std::string local, Time deadline, SyncProgress progress)
      : runner_(runner),
        local_(std::move(local)),
        deadline_(deadline),
        progress_(std::move(progress)) {}

  Result<SyncReport> run(const MountPlace& place, const Manifest& manifest, const Manifest* last,
                         bool only_add) {
    if (Result<> allowed = runner_.may_write(place.remote); !allowed) return allowed.error();
    const Result<NodeFiles> node = look_at_mount(runner_, place, last, deadline_);
    if (!node) return node.error();
    Delivery delivery = decide_delivery(manifest, *node, place, only_add);
    if (delivery.idle()) return delivery.report;
    if (Result<> compared = compare_large_files(delivery); !compared) return compared.error();
    if (Result<> sent = send(delivery); !sent) return sent.error();
    return delivery.report;
  }

 private:
  std::string here(const ManifestEntry& entry) const {
    return entry.path.empty() ? local_ : local_ + "/" + entry.path;
  }

  // Of a large file that the node has in an older form, only the blocks that differ are sent.
  Result<> compare_large_files(Delivery& delivery) {
    std::vector<const ManifestEntry*> large;
    std::vector<std::string> words;
    for (const ManifestEntry* entry : delivery.send) {
      const auto known = delivery.before.find(entry->path);
      const bool fresh = known == delivery.before.end() ||
                         delivery.node.changed.contains(entry->path) ||
                         delivery.node.gone.contains(entry->path);
      if (fresh || entry->kind != Kind::kFile || known->second->kind != Kind::kFile) continue;
      if (std::min(entry->size, known->second->size) < kLargeFile) continue;
      large.push_back(entry);
      words.insert(words.end(), {known->second->content, "./" + delivery.inside(entry->path)});
      if (large.size() == kMostCompared) break;
    }
    if (large.empty()) return {};
    const Result<std::vector<std::string>> sums =
        block_sums_on_node(runner_, delivery.place, delivery.root, words, deadline_);
    if (!sums) return sums.error();
    for (std::size_t i = 0; i < large.size(); ++i) {
      if ((*sums)[i].empty()) continue;
      std::optional<FilePatch> patch = patch_of(here(*large[i]), *large[i], (*sums)[i]);
      if (patch) delivery.patches.emplace(large[i], *std::move(patch));
    }
    return {};
  }

  Result<> send(const Delivery& delivery) {
    const bool packed = delivery.node.gzip && worth_packing(delivery);
    const auto archive = std::make_shared<TarSource>(local_, std::string(kSyncControl) + "/blocks");
    fill_archive(delivery, *archive);
    std::shared_ptr<ByteSource> stream = archive;
    if (progress_) {
      const std::uint64_t all = delivery.bytes_to_send();
      stream = std::make_shared<CountedSource>(
          archive, kProgressStep,
          [this, all](std::uint64_t passed) { progress_(std::min(passed, all), all); });
    }
    if (packed) stream = std::make_shared<GzipSource>(stream);
    // The mount was a file and becomes a folder.
    const bool was_file = !delivery.single && !delivery.only_add && delivery.before.contains("");
    const MountPlace& place = delivery.place;
    const Command command{.argv = {"sh", "-c", sync_deliver_script(), "rayctl-sync", place.record,
                                   delivery.root, random_hex(kToken), packed ? "1" : "0",
                                   was_file ? place.path : "", modes_to_set(delivery)},
                          .stream = stream,
                          .plain = true};
    const Result<CommandOutput> ran = runner_.run(command, deadline_);
    if (archive->failure()) return *archive->failure();
    if (!ran) return ran.error();
    if (ran->exit_code == 0) return {};
    Error error =
        permanent(ErrorCode::kFilesFailed, "files of " + place.remote + " could not be changed");
    error.context = last_lines(ran->err, 5);
    return error;
  }

  // Whether compression would make the stream much smaller, by samples of the larger files.
  bool worth_packing(const Delivery& delivery) const {
    std::vector<const ManifestEntry*> files;
    for (const ManifestEntry* entry : delivery.send) {
      if (entry->kind == Kind::kFile) files.push_back(entry);
    }
    if (delivery.bytes_to_send() < kSurelyPack) return true;
    const std::size_t count = std::min(files.size(), kSamples);
    std::partial_sort(
        files.begin(), files.begin() + static_cast<std::ptrdiff_t>(count), files.end(),
        [](const ManifestEntry* a, const ManifestEntry* b) { return a->size > b->size; });
    std::string sample;
    for (std::size_t i = 0; i < count; ++i) {
      const Fd file(::open(here(*files[i]).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
      std::string part(kSample, '\0');
      const std::uint64_t middle = files[i]->size / 2;
      const ssize_t got = ::pread(file.get(), part.data(), part.size(), static_cast<off_t>(middle));
      sample += part.substr(0, got > 0 ? static_cast<std::size_t>(got) : 0);
    }
    return compressed_share(sample) < kWorthwhile;
  }

  CommandRunner& runner_;
  const std::string local_;
  const Time deadline_;
  const SyncProgress progress_;
};

}  // namespace

Result<SyncReport> sync_mount(CommandRunner& runner, const std::string& local,
                              const std::string& remote, const Manifest& manifest, Time deadline,
                              const Manifest* last, const SyncProgress& progress) {
  return Sync(runner, local, deadline, progress).run(mount_place(remote), manifest, last, false);
}

Result<SyncReport> copy_files(CommandRunner& runner, const std::string& local,
                              const std::string& remote, const Manifest& manifest, Time deadline,
                              const SyncProgress& progress) {
  return Sync(runner, local, deadline, progress).run(copy_place(remote), manifest, nullptr, true);
}

}  // namespace rayctl
