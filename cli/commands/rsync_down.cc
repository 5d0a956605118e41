#include <filesystem>

#include "base/text.h"
#include "cli/commands/change_flags.h"
#include "cli/commands/verbs.h"
#include "cli/node_transfer.h"
#include "transport/file_fetch.h"

namespace rayctl {
namespace {

constexpr Millis kTransfer{std::chrono::hours(24)};

class RsyncDownVerb final : public Verb {
 public:
  void declare(Flags& flags) override {
    declare_cluster(flags, cluster_);
    flags.argument("SOURCE", source_);
    flags.argument("TARGET", target_);
    flags.flag("-A,--all-nodes", all_);
  }

  Result<int> run(Session& session) override {
    Result<std::unique_ptr<Cluster>> cluster = open_cluster(session, cluster_);
    if (!cluster) return cluster.error();
    Result<std::vector<RemoteNode>> nodes = nodes_for_transfer(session, **cluster, all_);
    if (!nodes) return nodes.error();
    return transfer_on_all(session, *nodes, [&](RemoteNode& node) {
      return fetch(node, session.clock.now() + kTransfer);
    });
  }

 private:
  Result<Transfer> fetch(RemoteNode& node, Time deadline) const {
    std::string target = target_;
    // Nodes would overwrite each other's.
    if (all_) target = (std::filesystem::path(target_) / node.name.text / "").string();
    Result<FetchReport> came = fetch_files(*node.runner, source_, target, deadline);
    if (!came) return came.error();
    Transfer transfer;
    transfer.line = source_ + " -> " + target + ": " + plural(came->files, "file") + ", " +
                    format_bytes(came->bytes);
    if (!came->left_out.empty()) {
      transfer.line += ", " + plural(came->left_out.size(), "link") +
                       " that would lead out of it left out: " + join(came->left_out, ", ");
    }
    transfer.json = {{"target", target},
                     {"files", came->files},
                     {"bytes", came->bytes},
                     {"left_out", came->left_out}};
    return transfer;
  }

  ClusterFlags cluster_;
  std::string source_, target_;
  bool all_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_rsync_down_verb() {
  return std::make_unique<RsyncDownVerb>();
}

}  // namespace rayctl
