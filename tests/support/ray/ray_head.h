#pragma once
#include <sys/types.h>

#include <filesystem>
#include <string>

namespace rayctl::testing {

/// A real Ray head: `ray start --head --block` on a loopback address and ports of its own, with
/// token authentication, in a session and a temp dir of its own. It dies with the thread that made
/// it, so that a killed test leaves nothing. About 10 CPU seconds to start: one per test program.
class RayHead {
 public:
  /// Starts it and returns at once; throws std::runtime_error when $RAYCTL_RAY names no program.
  RayHead();
  ~RayHead();  ///< stop(), then removes the temp dir
  RayHead(const RayHead&) = delete;
  RayHead& operator=(const RayHead&) = delete;

  std::string endpoint() const { return ip() + ":" + std::to_string(port_); }
  std::string ip() const { return "127.0.0.61"; }
  std::string token() const { return token_; }
  std::string instance() const { return "i-real-head"; }  ///< its RAY_CLOUD_INSTANCE_ID
  std::string log() const;                                ///< what `ray start` printed so far

  /// SIGTERM to `ray start`, which ends the rest; SIGKILL to what is left after 40 s. Returns how
  /// many processes of its session had to be killed: 0 when it ended by itself.
  int stop();

 private:
  std::filesystem::path folder_;
  std::string token_;
  int port_ = 0;
  pid_t pid_ = 0;  // 0: stopped
};

}  // namespace rayctl::testing
