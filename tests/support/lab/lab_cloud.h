#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/config.h"
#include "net/http_client.h"

namespace rayctl {

/// The cloud of a lab (fixtures/cloudlab), and what a client of it needs. It is as if nobody had
/// ever used it when one is made.
class LabCloud {
 public:
  /// `address`: the variable that says where the lab is asked; `content`: what the lab calls all
  /// that there is.
  LabCloud(const std::string& address, std::string content);
  ~LabCloud();
  LabCloud(const LabCloud&) = delete;
  LabCloud& operator=(const LabCloud&) = delete;

  /// What the lab says below /_lab/ (the README.md of the lab); with a body, it is told.
  Json ask(const std::string& what) { return send("GET", what, ""); }
  void tell(const std::string& what, const Json& body = Json::object()) {
    (void)send("POST", what, body.dump());
  }
  /// How often each action was called since the last "calls/reset".
  std::map<std::string, int> calls();
  /// The kinds of things that there are.
  std::vector<std::string> kinds();

  Time soon() { return clock.now() + Millis{60'000}; }
  SystemClock clock;
  std::string home;                        ///< a folder of its own
  std::map<std::string, std::string> env;  ///< the lab's, with that home
  Config config;  ///< what it says; a change counts for clients that are made later

 private:
  Json send(const std::string& method, const std::string& what, const std::string& body);

  const std::string content_;
  std::string url_;
  std::unique_ptr<HttpClient> http_;
};

}  // namespace rayctl
