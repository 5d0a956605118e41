#include "tests/gcp_lab/project.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

extern char** environ;

namespace rayctl {

Project::Project() {
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string line = *each;
    const std::size_t equals = line.find('=');
    env_[line.substr(0, equals)] = line.substr(equals + 1);
  }
  std::string name = (std::filesystem::temp_directory_path() / "rayctl-gcp-XXXXXX").string();
  EXPECT_NE(::mkdtemp(name.data()), nullptr);
  home = name;
  env_["HOME"] = home;
  http_ = make_http_client({}, clock);
  config.cluster = {"one"};
  config.provider = {"gcp"};
  config.provider_settings = {{"region", "us-west1"},
                              {"availability_zone", "us-west1-a,us-west1-b"}};
  config.auth = {{"ssh_user", "ubuntu"}};
  config.rayctl.ssh_cidr = {"10.0.0.0/8"};
  tell("reset");
}

Project::~Project() {
  std::error_code none;
  std::filesystem::remove_all(home, none);
}

gcp::GcpParts Project::make() {
  Result<gcp::GcpParts> parts = gcp::make_gcp({.config = config,
                                               .clock = clock,
                                               .env = env_,
                                               .home = home,
                                               .who = "ana@laptop",
                                               .cache = home,
                                               .run = {},
                                               .impersonate = ""});
  EXPECT_TRUE(parts) << parts.error().message;
  return *std::move(parts);
}

std::map<std::string, int> Project::calls() {
  std::map<std::string, int> counts;
  const Json told = ask("calls");
  for (const auto& [method, by_caller] : told.items()) {
    for (const auto& [caller, count] : by_caller.items())
      counts[method] += count.get<int>();
  }
  return counts;
}

std::vector<std::string> Project::kinds() {
  std::vector<std::string> found;
  const Json told = ask("project");
  for (const auto& [kind, things] : told.items()) {
    if (!things.empty()) found.push_back(kind);
  }
  return found;
}

Json Project::send(const std::string& method, const std::string& what, const std::string& body) {
  const HttpRequest request{
      .method = method, .url = env_.at("GCPLAB_ADDRESS") + "/_lab/" + what, .body = body};
  const Result<HttpResponse> answer = http_->send(request, soon());
  EXPECT_TRUE(answer) << what << ": " << answer.error().message;
  if (!answer) return {};
  EXPECT_EQ(answer->status, 200) << what << ": " << answer->body;
  return Json::parse(answer->body, nullptr, false);
}

}  // namespace rayctl
