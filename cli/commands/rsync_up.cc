#include <filesystem>

#include "base/text.h"
#include "cli/commands/change_flags.h"
#include "cli/commands/verbs.h"
#include "cli/node_transfer.h"
#include "transport/file_copy.h"
#include "transport/path_kind.h"

namespace rayctl {
namespace {

constexpr Millis kTransfer{std::chrono::hours(24)};

/// Files from here and where they go.
struct Errand {
  std::string local, remote;
  Manifest manifest;
  bool mount = false;
};

class RsyncUpVerb final : public Verb {
 public:
  void declare(Flags& flags) override {
    declare_cluster(flags, cluster_);
    flags.argument("SOURCE", source_, false);
    flags.argument("TARGET", target_, false);
    flags.flag("-A,--all-nodes", all_);
  }

  Result<int> run(Session& session) override {
    if (!source_.empty() && target_.empty()) {
      return permanent(ErrorCode::kUsage, "name both SOURCE and TARGET, or none of them");
    }
    Result<std::unique_ptr<Cluster>> cluster = open_cluster(session, cluster_);
    if (!cluster) return cluster.error();
    Result<std::vector<Errand>> errands = read_errands(**cluster);
    if (!errands) return errands.error();
    Result<std::vector<RemoteNode>> nodes = nodes_for_transfer(session, **cluster, all_);
    if (!nodes) return nodes.error();
    return transfer_on_all(session, *nodes, [&](RemoteNode& node) {
      return send(*node.runner, *errands, session.clock.now() + kTransfer,
                  told_on(session, node.name.text));
    });
  }

 private:
  Result<std::vector<Errand>> read_errands(Cluster& cluster) const {
    std::vector<Errand> errands;
    if (source_.empty()) {
      for (const FileMountConfig& mount : cluster.config().file_mounts)
        errands.push_back({.local = mount.local, .remote = mount.remote, .mount = true});
      if (errands.empty()) {
        return permanent(ErrorCode::kUsage,
                         "the cluster's file has no file_mounts: name SOURCE and TARGET");
      }
    } else {
      errands.push_back({.local = source_, .remote = target_});
    }
    for (Errand& errand : errands) {
      Result<Manifest> manifest =
          cluster.manifest({.remote = errand.remote, .local = errand.local});
      if (!manifest) return in_context(manifest.error(), "reading " + errand.local);
      errand.manifest = *std::move(manifest);
    }
    return errands;
  }

  /// Where SOURCE goes, by rsync's rules: a folder without a trailing slash goes into TARGET under
  /// its own name, and so does a file if TARGET is a folder.
  Result<std::string> place(CommandRunner& runner, Time deadline) const {
    std::error_code ignored;
    const bool folder = std::filesystem::is_directory(source_, ignored);
    if (folder && source_.ends_with('/')) return target_;
    std::filesystem::path source(source_);
    if (!source.has_filename() || source.filename() == "." || source.filename() == "..") {
      source = std::filesystem::canonical(source, ignored);
      if (folder) return target_;
    }
    const std::string own = source.filename().string();
    const std::string inside = target_ + (target_.ends_with('/') ? "" : "/") + own;
    if (folder || target_.ends_with('/') || target_ == "~") return inside;
    const Result<PathKind> kind = kind_of_path(runner, target_, deadline);
    if (!kind) return kind.error();
    return *kind == PathKind::kFolder ? inside : target_;
  }

  Result<Transfer> send(CommandRunner& runner, const std::vector<Errand>& errands, Time deadline,
                        const SyncProgress& progress) const {
    Transfer transfer;
    transfer.json["targets"] = Json::array();
    for (const Errand& errand : errands) {
      Result<std::string> remote =
          errand.mount ? Result<std::string>(errand.remote) : place(runner, deadline);
      if (!remote) return remote.error();
      Result<SyncReport> sent =
          errand.mount
              ? sync_mount(runner, errand.local, *remote, errand.manifest, deadline, nullptr,
                           progress)
              : copy_files(runner, errand.local, *remote, errand.manifest, deadline, progress);
      if (!sent) return in_context(sent.error(), "sending " + errand.local);
      add(transfer, *remote, *sent, errand.mount);
    }
    return transfer;
  }

  static void add(Transfer& transfer, const std::string& remote, const SyncReport& report,
                  bool mount) {
    FileDelta delta = report.delta;
    if (!mount) delta.removed = 0;
    std::string line = remote + ": " + to_text(delta);
    if (report.overwritten > 0) {
      line += ", " + plural(report.overwritten, "file") + " changed there written anew";
    }
    if (report.kept > 0) line += ", " + plural(report.kept, "file") + " changed there left";
    transfer.line += (transfer.line.empty() ? "" : "; ") + line;
    transfer.json["targets"].push_back({{"target", remote},
                                        {"added", delta.added},
                                        {"changed", delta.changed},
                                        {"removed", delta.removed},
                                        {"bytes", delta.bytes},
                                        {"overwritten", report.overwritten},
                                        {"kept", report.kept}});
  }

  ClusterFlags cluster_;
  std::string source_, target_;
  bool all_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_rsync_up_verb() {
  return std::make_unique<RsyncUpVerb>();
}

}  // namespace rayctl
