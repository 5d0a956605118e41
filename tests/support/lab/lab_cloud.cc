#include "tests/support/lab/lab_cloud.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

extern char** environ;

namespace rayctl {

LabCloud::LabCloud(const std::string& address, std::string content) : content_(std::move(content)) {
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string line = *each;
    const std::size_t equals = line.find('=');
    env[line.substr(0, equals)] = line.substr(equals + 1);
  }
  url_ = env.at(address) + "/_lab/";
  std::string name = (std::filesystem::temp_directory_path() / "rayctl-lab-XXXXXX").string();
  EXPECT_NE(::mkdtemp(name.data()), nullptr);
  home = name;
  env["HOME"] = home;
  http_ = make_http_client({}, clock);
  config.cluster = {"one"};
  tell("reset");
}

LabCloud::~LabCloud() {
  std::error_code none;
  std::filesystem::remove_all(home, none);
}

std::map<std::string, int> LabCloud::calls() {
  std::map<std::string, int> counts;
  const Json told = ask("calls");
  for (const auto& [action, by_caller] : told.items()) {
    for (const auto& [caller, count] : by_caller.items())
      counts[action] += count.get<int>();
  }
  return counts;
}

std::vector<std::string> LabCloud::kinds() {
  std::vector<std::string> found;
  const Json told = ask(content_);
  for (const auto& [kind, things] : told.items()) {
    if (!things.empty()) found.push_back(kind);
  }
  return found;
}

Json LabCloud::send(const std::string& method, const std::string& what, const std::string& body) {
  const HttpRequest request{.method = method, .url = url_ + what, .body = body};
  const Result<HttpResponse> answer = http_->send(request, soon());
  EXPECT_TRUE(answer) << what << ": " << answer.error().message;
  if (!answer) return {};
  EXPECT_EQ(answer->status, 200) << what << ": " << answer->body;
  return Json::parse(answer->body, nullptr, false);
}

}  // namespace rayctl
