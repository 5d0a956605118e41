#include "applier/node_ops.h"

namespace rayctl {

Result<OpStatus> NodeOps::start(CommandRunner& runner, const OpToken& token, const Command& command,
                                Time deadline) const {
  return start_op(runner, token, command, deadline);
}

Result<OpStatus> NodeOps::status(CommandRunner& runner, const OpToken& token, Time deadline) const {
  return op_status(runner, token, deadline);
}

Result<OpStatus> NodeOps::wait(CommandRunner& runner, const OpToken& token, Clock& clock,
                               Time deadline, const OutputSink& sink) const {
  // Told to stop, a run finishes what is in flight: the wait has no stop token of its own.
  return wait_op(runner, token, clock, deadline, std::stop_token{}, sink);
}

Result<std::string> NodeOps::output(CommandRunner& runner, const OpToken& token, std::size_t bytes,
                                    Time deadline) const {
  return op_output(runner, token, bytes, deadline);
}

Result<> NodeOps::stop(CommandRunner& runner, const OpToken& token, Millis grace, Clock& clock,
                       Time deadline) const {
  return stop_op(runner, token, grace, clock, deadline);
}

Result<ContainerChange> NodeOps::prepare_container(CommandRunner& machine,
                                                   const ContainerSpec& spec, Time deadline,
                                                   const OutputSink& sink) const {
  return rayctl::prepare_container(machine, spec, deadline, sink);
}

Result<> NodeOps::start_container(CommandRunner& machine, const std::string& program,
                                  const std::string& name, Time deadline) const {
  return rayctl::start_container(machine, program, name, deadline);
}

Result<> NodeOps::remove_containers(CommandRunner& machine,
                                    const std::map<std::string, std::string>& labels,
                                    const std::string& keep, Time deadline) const {
  return rayctl::remove_containers(machine, labels, keep, deadline);
}

Result<SyncReport> NodeOps::sync(CommandRunner& runner, const FileMount& mount,
                                 const Manifest& manifest, Time deadline,
                                 const SyncProgress& progress) const {
  return sync_mount(runner, mount.local, mount.remote, manifest, deadline, nullptr, progress);
}

Result<std::optional<SyncReport>> NodeOps::relay(FileRelay& relay, CommandRunner& head,
                                                 CommandRunner& runner, const std::string& path,
                                                 Time deadline,
                                                 const SyncProgress& progress) const {
  return relay.send(head, runner, path, deadline, progress);
}

const NodeOps& transport_ops() {
  static const NodeOps ops;
  return ops;
}

}  // namespace rayctl
