// The contract of command runners, in a pod.
#include "providers/kubernetes/pod_exec.h"
#include "tests/contract/command_runner_contract.h"
#include "tests/kube_lab/lab_pods.h"
#include "transport/pod_runner.h"

namespace rayctl {
namespace {

/// One pod for all cases: making one takes longer than most of them.
struct Shared {
  SystemClock clock;
  std::unique_ptr<kubernetes::Api> api = lab_api(clock);
  LabPod pod{*api, clock};
};

std::shared_ptr<Shared> shared() {
  static const auto kept = std::make_shared<Shared>();
  return kept;
}

RunnerUnderTest in_pod(bool login_shell) {
  const std::shared_ptr<Shared> world = shared();
  for (const auto& entry : std::filesystem::directory_iterator(world->pod.home()))
    std::filesystem::remove_all(entry);
  auto runner = std::make_unique<PodRunner>(
      kubernetes::pod_exec(*world->api, {"default", world->pod.name(), "main"}, world->clock),
      "pod " + world->pod.name(), login_shell);
  return {std::move(runner), world->pod.home(), world};
}

const auto kRunners = testing::Values(RunnerFactory([] { return in_pod(false); }),
                                      RunnerFactory([] { return in_pod(true); }));
std::string shell_name(const testing::TestParamInfo<RunnerFactory>& tested) {
  return tested.index == 0 ? "PlainShell" : "LoginShell";
}

INSTANTIATE_TEST_SUITE_P(Kubernetes, CommandRunnerContract, kRunners, shell_name);
INSTANTIATE_TEST_SUITE_P(Kubernetes, DetachedOpContract, kRunners, shell_name);

}  // namespace
}  // namespace rayctl
