#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "providers/kubernetes/api.h"

namespace rayctl {

/// What a program on this machine prints; the test fails if it does.
std::string output_of(const std::vector<std::string>& argv);

/// A client of the lab's API server: the administrator, or the one of another kubeconfig.
std::unique_ptr<kubernetes::Api> lab_api(Clock& clock, const std::string& config = "");

/// A pod that does nothing, whose home is a folder that this program has as well. Gone with it.
class LabPod {
 public:
  explicit LabPod(kubernetes::Api& api, Clock& clock);
  ~LabPod();
  LabPod(const LabPod&) = delete;
  LabPod& operator=(const LabPod&) = delete;

  const std::string& name() const { return name_; }
  const std::filesystem::path& home() const { return home_; }

 private:
  kubernetes::Api& api_;
  Clock& clock_;
  std::string name_;
  std::filesystem::path home_;
};

}  // namespace rayctl
