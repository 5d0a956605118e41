#include "cli/commands/verbs.h"
#include "providers/process/supervisor.h"

namespace rayctl {
namespace {

/// Started by the process provider, never by a person: holds a node's folder for life.
class NodeSupervisorVerb final : public Verb {
 public:
  void declare(Flags& flags) override { flags.argument("FOLDER", folder_); }
  Result<int> run(Session&) override { return process::run_supervisor(folder_); }

 private:
  std::string folder_;
};

}  // namespace

std::unique_ptr<Verb> make_node_supervisor_verb() {
  return std::make_unique<NodeSupervisorVerb>();
}

}  // namespace rayctl
