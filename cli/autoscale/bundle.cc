#include "cli/autoscale/bundle.h"

#include "base/digest.h"
#include "base/files.h"
#include "base/text.h"
#include "cli/autoscale/bundle_layout.h"
#include "cli/autoscale/file_books.h"
#include "cli/pipeline.h"
#include "transport/file_sync.h"
#include "transport/local_runner.h"

namespace rayctl {
namespace {

namespace fs = std::filesystem;

constexpr Millis kCopy{30 * 60'000};

std::string program_name(const Digest& digest) {
  return "program-" + digest.text;
}
std::string mount_name(const Digest& digest) {
  return "mount-" + digest.text;
}

Error stale(const std::string& what) {
  return conflict(ErrorCode::kPlanStale, what + " changed after the plan was made");
}

/// Moves a finished file or folder into its place; what another one put there meanwhile is as good.
Result<> put_in_place(const fs::path& made, const fs::path& place) {
  std::error_code error, ignored;
  fs::rename(made, place, error);
  if (!error) return {};
  fs::remove_all(made, ignored);
  if (fs::exists(place, ignored)) return {};
  return io_error("make", place, error);
}

class Writer {
 public:
  Writer(Session& session, Cluster& cluster, const BundlePlan& plan)
      : session_(session), cluster_(cluster), plan_(plan), root_(bundles_folder(cluster.paths())) {}

  Result<fs::path> run() {
    const fs::path place = root_ / bundle_name(plan_.digest);
    if (Result<> made = make_directories(root_); !made) return made.error();
    if (Result<> program = add_program(); !program) return program.error();
    for (const BundleMount& mount : plan_.facts.mounts) {
      if (Result<> added = add_mount(mount); !added) {
        return in_context(added.error(), "copying file mount " + mount.remote);
      }
    }
    std::error_code ignored;
    if (!fs::exists(place / kFacts, ignored)) {
      const fs::path made = scratch(place);
      if (Result<> filled = fill(made); !filled) return filled.error();
      if (Result<> put = put_in_place(made, place); !put) return put.error();
    }
    if (Result<> put = put_secrets(place); !put) return put.error();
    return place;
  }

 private:
  fs::path scratch(const fs::path& place) const { return place.string() + ".new-" + random_hex(4); }

  Result<> add_program() {
    std::error_code ignored;
    const fs::path place = root_ / program_name(plan_.facts.program);
    if (fs::exists(place, ignored)) return {};
    const Result<Digest> now = program_digest(plan_.program);
    if (!now) return now.error();
    if (*now != plan_.facts.program) return stale("the program " + plan_.program.program.string());
    return copy_program(plan_.program, place);
  }

  Result<> add_mount(const BundleMount& mount) {
    std::error_code error;
    const fs::path place = root_ / mount_name(mount.manifest);
    if (fs::exists(place, error)) return {};
    const auto manifest = cluster_.manifests().find(mount.manifest);
    const FileMountConfig* source = source_of(mount.remote);
    if (manifest == cluster_.manifests().end() || source == nullptr) return stale(mount.remote);
    // Sent as to a node, whose home is a folder that is thrown away: only bytes that match go.
    const fs::path made = scratch(place), home = made.string() + "-home";
    if (Result<> folder = make_directories(home); !folder) return folder;
    LocalRunner runner({.home = home, .env = {{"PATH", session_.io.env("PATH").value_or("")}}});
    const Result<SyncReport> copied = sync_mount(runner, source->local, made.string(),
                                                 manifest->second, session_.clock.now() + kCopy);
    fs::remove_all(home, error);
    if (!copied) return copied.error();
    if (manifest->second.entries.empty()) fs::create_directory(made, error);
    return put_in_place(made, place);
  }

  const FileMountConfig* source_of(const std::string& remote) const {
    for (const FileMountConfig& mount : cluster_.config().file_mounts) {
      if (mount.remote == remote) return &mount;
    }
    return nullptr;
  }

  Result<> fill(const fs::path& folder) {
    if (Result<> made = make_directories(folder / kMounts); !made) return made;
    Result<std::string> yaml = read_file(cluster_.config().file);
    if (!yaml) return yaml.error();
    if (sha256_hex(*yaml) != plan_.facts.text_digest) return stale(cluster_.config().file);
    if (Result<> put = write_file_atomic(folder / kYaml, *yaml); !put) return put;
    std::error_code error;
    fs::create_symlink(fs::path("..") / program_name(plan_.facts.program), folder / kProgram,
                       error);
    for (std::size_t at = 0; at < plan_.facts.mounts.size() && !error; ++at) {
      fs::create_symlink(fs::path("../..") / mount_name(plan_.facts.mounts[at].manifest),
                         folder / kMounts / std::to_string(at + 1), error);
    }
    if (error) return io_error("make links in", folder, error);
    return write_file_atomic(folder / kFacts, encode(plan_.facts));
  }

  /// Not part of what the digest says: made anew, they are put into the bundle that is there.
  Result<> put_secrets(const fs::path& folder) {
    for (const char* name : kClusterSecrets) {
      if (Result<> put = copy_secret(cluster_.paths().folder / name, folder / name); !put)
        return put;
    }
    if (plan_.worker_key_file.empty()) return {};
    const fs::path key = folder / kWorkerKey;
    if (Result<> put = copy_secret(plan_.worker_key_file + ".pub", key.string() + ".pub"); !put)
      return put;
    return copy_secret(plan_.worker_key_file, key);
  }

  /// A cluster without a token has no such file.
  static Result<> copy_secret(const fs::path& from, const fs::path& to) {
    std::error_code ignored;
    if (!fs::exists(from, ignored)) return {};
    Result<std::string> bytes = read_file(from);
    if (!bytes) return bytes.error();
    return write_file_atomic(to, *bytes);
  }

  Session& session_;
  Cluster& cluster_;
  const BundlePlan& plan_;
  const fs::path root_;
};

}  // namespace

fs::path bundles_folder(const ClusterPaths& paths) {
  return autoscaler_folder(paths.folder);
}

std::string bundle_name(const Digest& digest) {
  return "bundle-" + digest.text;
}

Result<BundlePlan> plan_bundle(Cluster& cluster, const BundleRequest& request) {
  Result<ProgramFiles> program = running_program();
  if (!program) return program.error();
  Result<Digest> of_program = program_digest(*program);
  if (!of_program) return of_program.error();
  Result<MountDigests> mounts = hash_mounts(cluster);
  if (!mounts) return mounts.error();
  BundlePlan plan;
  plan.program = *std::move(program);
  plan.worker_key_file = request.worker_key_file;
  BundleFacts& facts = plan.facts;
  const Config& config = cluster.config();
  facts.version = request.version;
  facts.program = *std::move(of_program);
  facts.machine = plan.program.machine;
  facts.cluster = config.cluster;
  facts.cluster_id = request.cluster_id;
  facts.file = config.file;
  facts.text_digest = config.text_digest;
  if (!request.flags.cluster_name.empty()) facts.cluster_name = request.flags.cluster_name;
  facts.min_workers = request.flags.min_workers;
  facts.max_workers = request.flags.max_workers;
  facts.images = request.images;
  for (const FileMountConfig& mount : config.file_mounts)
    facts.mounts.push_back({mount.remote, (*mounts)[mount.remote]});
  if (!request.own_state) facts.state = fs::absolute(cluster.paths().database).string();
  if (!request.worker_key_file.empty()) {
    Result<std::string> line = read_file(request.worker_key_file + ".pub");
    if (!line) return line.error();
    facts.worker_key = trim(*line);
  }
  plan.digest = digest_of(facts);
  return plan;
}

Result<fs::path> write_bundle(Session& session, Cluster& cluster, const BundlePlan& plan) {
  Result<fs::path> folder = Writer(session, cluster, plan).run();
  if (!folder) return in_context(folder.error(), "writing the autoscaler's bundle");
  return folder;
}

}  // namespace rayctl
