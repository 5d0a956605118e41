#include "model/record_rules.h"

#include <variant>

namespace rayctl {

Digest SpecDigests::*changed_digest(const Action& action) {
  using Member = Digest SpecDigests::*;
  return std::visit(
      Overloaded{[](const PrepareContainer&) -> Member { return &SpecDigests::docker; },
                 [](const SyncFiles&) -> Member { return &SpecDigests::files; },
                 [](const SyncFromHead&) -> Member { return &SpecDigests::synced; },
                 [](const SetUpNode&) -> Member { return &SpecDigests::setup; },
                 [](const CreateNodes&) -> Member { return nullptr; },
                 [](const StartRay&) -> Member { return nullptr; },
                 [](const StopRay&) -> Member { return nullptr; },
                 [](const DrainNode&) -> Member { return nullptr; },
                 [](const TerminateNode&) -> Member { return nullptr; },
                 [](const AdoptNode&) -> Member { return nullptr; },
                 [](const ForgetNode&) -> Member { return nullptr; },
                 [](const CloseOp&) -> Member { return nullptr; },
                 [](const ConfigureAutoscaler&) -> Member { return nullptr; },
                 [](const MakeResource&) -> Member { return nullptr; },
                 [](const RemoveResource&) -> Member { return nullptr; }},
      action);
}

void make_ready_again(NodeRecord& record) {
  if (record.phase != Phase::kFailed || record.running == SpecDigests{}) return;
  record.phase = Phase::kReady;
  record.failure.clear();
}

}  // namespace rayctl
