#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/json.h"
#include "net/http_client.h"
#include "providers/gcp/gcp_provider.h"

namespace rayctl {

/// The lab's project, and clients of it. It is as if nobody had ever used it when one is made.
class Project {
 public:
  Project();
  ~Project();
  Project(const Project&) = delete;
  Project& operator=(const Project&) = delete;

  /// What the config says; a change counts for those that are made later.
  Config config;
  gcp::GcpParts make();

  /// What the lab says below /_lab/ (fixtures/gcplab/README.md); with a body, it is told.
  Json ask(const std::string& what) { return send("GET", what, ""); }
  void tell(const std::string& what, const Json& body = Json::object()) {
    (void)send("POST", what, body.dump());
  }
  /// How often each method was called since the last "calls/reset".
  std::map<std::string, int> calls();
  /// The kinds of things that there are.
  std::vector<std::string> kinds();

  Time soon() { return clock.now() + Millis{60'000}; }
  SystemClock clock;
  std::string home;

 private:
  Json send(const std::string& method, const std::string& what, const std::string& body);
  std::map<std::string, std::string> env_;
  std::unique_ptr<HttpClient> http_;
};

}  // namespace rayctl
