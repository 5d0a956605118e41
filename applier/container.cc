#include "transport/container.h"

#include <optional>
#include <utility>

#include "applier/actions.h"
#include "applier/container_options.h"
#include "applier/retry.h"
#include "applier/shell_lines.h"
#include "applier/timing.h"

namespace rayctl {
namespace {

Result<ContainerChange> prepare(Run& run, const NodeAtWork& at, ContainerSpec wanted,
                                const Digest& digest) {
  Result<std::string> options = options_without_secrets(wanted.options, run.secrets, wanted.env);
  if (!options) return options.error();
  wanted.options = *std::move(options);
  wanted.labels[kLabelDigest] = digest.text;
  const OutputSink sink = [&](std::string_view piece, bool) {
    run.talk.output(at.name, "container", piece);
  };
  return retrying(run.world, Repeat::kHarmless, [&] {
    return run.world.ops.prepare_container(
        *at.runner, wanted, run.world.clock.now() + run.options.command_timeout, sink);
  });
}

}  // namespace

Result<Effect> act(Run& run, const Step& step, const PrepareContainer& action,
                   const OpToken& token) {
  Result<NodeAtWork> at = reach_machine(run, step, action.node);
  if (!at) return at.error();
  Result<const NodeSpec*> spec = spec_of(run, at->record.type);
  if (!spec) return spec.error();
  Result<> tagged = tag_status(run, *at, kStatusSettingUp);
  if (!tagged) return tagged.error();
  Result<> initialized = initialize(run, step, *at, **spec, token);
  if (!initialized) return initialized.error();

  std::optional<ContainerSpec> wanted = container_spec((*spec)->docker);
  const std::map<std::string, std::string> labels{{kLabelCluster, run.cluster_id.text},
                                                  {kLabelNode, action.node.text}};
  if (!at->record.applied.docker.empty()) {
    Result<> removed = retrying(run.world, Repeat::kHarmless, [&] {
      return run.world.ops.remove_containers(*at->runner, labels, wanted ? wanted->name : "",
                                             run.world.clock.now() + 2 * kCallTimeout);
    });
    if (!removed) return in_context(removed.error(), "removing the container of an earlier name");
  }
  if (wanted) {
    run.talk.progress(step, action.node, "container " + wanted->name + " of " + wanted->image);
    wanted->labels = labels;
    Result<ContainerChange> prepared = prepare(run, *at, *std::move(wanted), action.docker);
    if (!prepared) return prepared.error();
  }
  NodeRecord record = at->record;
  record.applied.docker = action.docker;
  record.applied.files = record.applied.setup = {};  // a new container holds nothing yet
  run.machines.forget_answer(record.provider, record.id);
  return settled(run, *at, std::move(record));
}

}  // namespace rayctl
