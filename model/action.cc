#include "model/action.h"

namespace rayctl {

std::vector<NodeName> nodes_of(const Action& action) {
  return std::visit(
      [](const auto& what) -> std::vector<NodeName> {
        if constexpr (requires { what.nodes; }) {
          return what.nodes;
        } else if constexpr (requires { what.node; }) {
          return {what.node};
        } else {
          return {};
        }
      },
      action);
}

const char* verb_of(const Action& action) {
  return std::visit(Overloaded{
                        [](const CreateNodes&) { return "create-nodes"; },
                        [](const PrepareContainer&) { return "prepare-container"; },
                        [](const SyncFiles&) { return "sync-files"; },
                        [](const SyncFromHead&) { return "sync-from-head"; },
                        [](const SetUpNode&) { return "set-up-node"; },
                        [](const StartRay&) { return "start-ray"; },
                        [](const StopRay&) { return "stop-ray"; },
                        [](const DrainNode&) { return "drain-node"; },
                        [](const TerminateNode&) { return "terminate-node"; },
                        [](const AdoptNode&) { return "adopt-node"; },
                        [](const ForgetNode&) { return "forget-node"; },
                        [](const CloseOp&) { return "close-op"; },
                        [](const ConfigureAutoscaler&) { return "configure-autoscaler"; },
                        [](const MakeResource&) { return "make-resource"; },
                        [](const RemoveResource&) { return "remove-resource"; },
                    },
                    action);
}

}  // namespace rayctl
