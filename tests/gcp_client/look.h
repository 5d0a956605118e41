#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "providers/gcp/credential_chain.h"
#include "tests/gcp_client/home.h"
#include "tests/net/loopback_server.h"
#include "tests/support/fake_clock.h"

namespace rayctl::gcp {

/// Fields of a form that was sent, decoded.
inline std::map<std::string, std::string> fields_of(const std::string& form) {
  std::map<std::string, std::string> fields;
  std::string name, text;
  const auto end = [&] {
    fields[name] = text;
    name = text = "";
  };
  for (std::size_t i = 0; i < form.size(); ++i) {
    if (form[i] == '&') {
      end();
    } else if (form[i] == '=') {
      name = text;
      text = "";
    } else if (form[i] == '%') {
      text += static_cast<char>(std::stoi(form.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      text += form[i];
    }
  }
  end();
  return fields;
}

/// Looks for credentials in a person's folder and on a server that plays all of Google's services.
/// The server has answers for each path, the last of which stays.
class LookTest : public ::testing::Test {
 protected:
  LookTest()
      : server_([this](const ReceivedRequest& request) { return next(request.target); }),
        http_(make_http_client({}, clock_)),
        env_(home_.env()) {
    env_["CLOUDSDK_AUTH_TOKEN_HOST"] = server_.url() + "/token";
    env_["CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS"] = server_.url() + "/iamc";
    answer("/token", token_answer("T1"));
  }

  static ScriptedAnswer token_answer(const std::string& token, int seconds = 3599) {
    return {.body = Json{{"access_token", token}, {"expires_in", seconds}, {"token_type", "Bearer"}}
                        .dump()};
  }
  void answer(const std::string& path, ScriptedAnswer what) { script_[path] = {std::move(what)}; }
  void script(const std::string& path, std::deque<ScriptedAnswer> what) {
    script_[path] = std::move(what);
  }
  ScriptedAnswer next(const std::string& path) {
    const auto found = script_.find(path);
    if (found == script_.end()) return {.status = 404, .body = "nothing at " + path};
    ScriptedAnswer answer = found->second.front();
    if (found->second.size() > 1) found->second.pop_front();
    return answer;
  }

  CredentialPlaces places() { return {env_, *http_, clock_, run_, given_, impersonate_, {}}; }
  Time soon() const { return clock_.now() + std::chrono::minutes{5}; }
  Result<Token> look() {
    CredentialPlaces found = places();
    return find_token(found, soon());
  }
  /// The token, or what went wrong.
  std::string looked() {
    const Result<Token> token = look();
    return token ? token->text : token.error().message;
  }
  Result<Project> project(const std::string& configured = "") {
    CredentialPlaces found = places();
    return find_project(found, configured, soon());
  }
  ReceivedRequest sent(std::size_t at = 0) const { return server_.requests().at(at); }
  /// Lets a file of credentials be named by the environment.
  void name_file(const Json& json) {
    home_.write("key.json", json.dump());
    env_["GOOGLE_APPLICATION_CREDENTIALS"] = home_.path("key.json");
  }
  static Json user(const std::string& token = "R1") {
    return {{"type", "authorized_user"},
            {"client_id", "C"},
            {"client_secret", "sekrit"},
            {"refresh_token", token}};
  }

  FakeClock clock_;
  Home home_;
  std::map<std::string, std::deque<ScriptedAnswer>> script_;
  LoopbackServer server_;
  std::unique_ptr<HttpClient> http_;
  Environment env_;
  RunProgram run_;
  Json given_;
  std::string impersonate_;
};

}  // namespace rayctl::gcp
