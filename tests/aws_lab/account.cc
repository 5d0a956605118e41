#include "tests/aws_lab/account.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

extern char** environ;

namespace rayctl {

Account::Account() {
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string line = *each;
    const std::size_t equals = line.find('=');
    env_[line.substr(0, equals)] = line.substr(equals + 1);
  }
  std::string name = (std::filesystem::temp_directory_path() / "rayctl-aws-XXXXXX").string();
  EXPECT_NE(::mkdtemp(name.data()), nullptr);
  home = name;
  env_["HOME"] = home;
  http_ = make_http_client({}, clock);
  config.cluster = {"one"};
  config.provider = {"aws"};
  config.provider_settings = {{"region", "us-west-2"}};
  config.rayctl.ssh_cidr = {"172.31.0.0/16"};
  tell("reset");
}

Account::~Account() {
  std::error_code none;
  std::filesystem::remove_all(home, none);
}

aws::AwsParts Account::make() {
  Result<aws::AwsParts> parts = aws::make_aws({.config = config,
                                               .clock = clock,
                                               .env = env_,
                                               .home = home,
                                               .who = "ana@laptop",
                                               .cache = home,
                                               .run = {}});
  EXPECT_TRUE(parts) << parts.error().message;
  return *std::move(parts);
}

std::map<std::string, int> Account::calls() {
  std::map<std::string, int> counts;
  const Json told = ask("calls");
  for (const auto& [action, by_key] : told.items()) {
    for (const auto& [key, count] : by_key.items())
      counts[action] += count.get<int>();
  }
  return counts;
}

std::vector<std::string> Account::kinds() {
  std::vector<std::string> found;
  const Json told = ask("account");
  for (const auto& [kind, things] : told.items()) {
    if (!things.empty()) found.push_back(kind);
  }
  return found;
}

Json Account::send(const std::string& method, const std::string& what, const std::string& body) {
  const HttpRequest request{
      .method = method, .url = env_.at("AWS_ENDPOINT_URL") + "/_lab/" + what, .body = body};
  const Result<HttpResponse> answer = http_->send(request, soon());
  EXPECT_TRUE(answer) << what << ": " << answer.error().message;
  if (!answer) return {};
  EXPECT_EQ(answer->status, 200) << what << ": " << answer->body;
  return Json::parse(answer->body, nullptr, false);
}

}  // namespace rayctl
