#include "tests/kube_lab/lab_pods.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/digest.h"
#include "providers/kubernetes/kubeconfig.h"

namespace rayctl {
namespace {

constexpr char kPods[] = "/api/v1/namespaces/default/pods";

}  // namespace

std::string output_of(const std::vector<std::string>& argv) {
  std::string command;
  for (const std::string& word : argv)
    command += (command.empty() ? "" : " ") + word;
  FILE* pipe = ::popen(command.c_str(), "re");
  EXPECT_NE(pipe, nullptr);
  if (pipe == nullptr) return "";
  std::string all(1U << 20, '\0');
  all.resize(std::fread(all.data(), 1, all.size(), pipe));
  EXPECT_EQ(::pclose(pipe), 0) << command;
  return all;
}

std::unique_ptr<kubernetes::Api> lab_api(Clock& clock, const std::string& config) {
  const std::string path = config.empty() ? std::getenv("KUBECONFIG") : config;
  const Json document = Json::parse(
      output_of({"kubectl", "--kubeconfig", path, "config", "view", "--raw", "-o", "json"}));
  kubernetes::TargetChoice choice = kubernetes::choose_target({{path, document}}, "");
  EXPECT_TRUE(choice.target) << kubernetes::target_error(choice.problems).message;
  if (!choice.target) std::abort();
  kubernetes::ApiSettings settings;
  settings.target = std::move(*choice.target);
  settings.clock = &clock;
  return kubernetes::make_api(std::move(settings));
}

LabPod::LabPod(kubernetes::Api& api, Clock& clock) : api_(api), clock_(clock) {
  name_ = "pod-" + random_hex(4);
  home_ = std::filesystem::temp_directory_path() / ("kube-lab-" + name_);
  std::filesystem::create_directory(home_);
  const Json pod = {
      {"apiVersion", "v1"},
      {"kind", "Pod"},
      {"metadata", {{"name", name_}, {"labels", {{"test", name_}}}}},
      {"spec",
       {{"terminationGracePeriodSeconds", 0},
        {"containers",
         {{{"name", "main"},
           {"image", "rayctl-lab:1"},
           {"command", {"sleep", "infinity"}},
           {"env", {{{"name", "HOME"}, {"value", home_.string()}}}},
           {"workingDir", home_.string()},
           {"volumeMounts", {{{"name", "home"}, {"mountPath", home_.string()}}}}}}},
        {"volumes", {{{"name", "home"}, {"hostPath", {{"path", home_.string()}}}}}}}}};
  const Time late = clock_.now() + Millis{60'000};
  const auto made = api_.call({.method = "POST", .path = kPods, .body = pod}, late);
  EXPECT_TRUE(made) << made.error().message;
  std::string phase;
  while (phase != "Running" && clock_.now() < late) {
    const auto seen = api_.call({.path = std::string(kPods) + "/" + name_}, late);
    EXPECT_TRUE(seen) << seen.error().message;
    if (!seen) return;
    phase = seen->body["status"].value("phase", "");
    clock_.sleep(Millis{50}, {});
  }
  EXPECT_EQ(phase, "Running") << name_;
}

LabPod::~LabPod() {
  const auto ended = api_.call({.method = "DELETE",
                                .path = std::string(kPods) + "/" + name_,
                                .query = {{"gracePeriodSeconds", "0"}},
                                .expected = {404},
                                .repeatable = true},
                               clock_.now() + Millis{20'000});
  EXPECT_TRUE(ended) << ended.error().message;
  std::error_code ignored;
  std::filesystem::remove_all(home_, ignored);
}

}  // namespace rayctl
