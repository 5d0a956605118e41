#pragma once
#include <map>
#include <optional>
#include <stop_token>
#include <string>

#include "model/spec.h"
#include "transport/container.h"
#include "transport/detached_op.h"
#include "transport/file_relay.h"
#include "transport/file_sync.h"

namespace rayctl {

/// What the applier does on a node through its runner: transport's detached operations, containers
/// and file sync, behind one interface so that a fake world needs no shell. The functions fail and
/// repeat as those of transport/detached_op.h, container.h, file_sync.h and file_relay.h do.
/// Thread-safe.
class NodeOps {
 public:
  virtual ~NodeOps() = default;
  virtual Result<OpStatus> start(CommandRunner& runner, const OpToken& token,
                                 const Command& command, Time deadline) const;
  virtual Result<OpStatus> status(CommandRunner& runner, const OpToken& token, Time deadline) const;
  virtual Result<OpStatus> wait(CommandRunner& runner, const OpToken& token, Clock& clock,
                                Time deadline, const OutputSink& sink) const;
  virtual Result<std::string> output(CommandRunner& runner, const OpToken& token, std::size_t bytes,
                                     Time deadline) const;
  virtual Result<> stop(CommandRunner& runner, const OpToken& token, Millis grace, Clock& clock,
                        Time deadline) const;
  virtual Result<ContainerChange> prepare_container(CommandRunner& machine,
                                                    const ContainerSpec& spec, Time deadline,
                                                    const OutputSink& sink) const;
  virtual Result<> start_container(CommandRunner& machine, const std::string& program,
                                   const std::string& name, Time deadline) const;
  virtual Result<> remove_containers(CommandRunner& machine,
                                     const std::map<std::string, std::string>& labels,
                                     const std::string& keep, Time deadline) const;
  virtual Result<SyncReport> sync(CommandRunner& runner, const FileMount& mount,
                                  const Manifest& manifest, Time deadline,
                                  const SyncProgress& progress) const;
  virtual Result<std::optional<SyncReport>> relay(FileRelay& relay, CommandRunner& head,
                                                  CommandRunner& runner, const std::string& path,
                                                  Time deadline,
                                                  const SyncProgress& progress) const;
};

/// The real ones.
const NodeOps& transport_ops();

}  // namespace rayctl
