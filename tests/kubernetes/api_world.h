#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "providers/kubernetes/api.h"
#include "tests/net/peer_server.h"

namespace rayctl::kubernetes {

/// An API server that plays a script, and a client of it that waits next to nothing.
class ApiWorld : public testing::Test {
 protected:
  std::unique_ptr<Api> api(const PeerServer& server) {
    ApiSettings settings;
    settings.target.space = "demo";
    settings.target.cluster.server = server.url();
    settings.target.user = user_;
    settings.target.source = "the test";
    settings.run = run_;
    settings.clock = &clock_;
    settings.backoff = {Millis{1}, Millis{5}, 4};
    return make_api(std::move(settings));
  }
  Time soon(int milliseconds = 20'000) const { return clock_.now() + Millis{milliseconds}; }

  static std::string status(int code, const std::string& reason, const std::string& message) {
    return Json({{"kind", "Status"}, {"code", code}, {"reason", reason}, {"message", message}})
        .dump();
  }

  static constexpr char kPods[] = "/api/v1/namespaces/demo/pods";
  SystemClock clock_;
  User user_;
  RunPlugin run_;
};

}  // namespace rayctl::kubernetes
