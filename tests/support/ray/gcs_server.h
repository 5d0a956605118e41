#pragma once
#include <map>
#include <memory>
#include <string>

#include "base/clock.h"
#include "model/load.h"
#include "model/observed.h"

namespace rayctl::testing {

/// A small Ray control service in this process, on a loopback port of its own: real gRPC, a world
/// of nodes instead of a cluster. It keeps Ray's rules that were seen on 2.60 (token on every
/// call, an idle termination of a busy node is refused, a drained idle node is dead at once, a
/// report older than the last is dropped in silence, the version of the load rises with each read).
/// Thread-safe. Stops when destroyed.
class GcsServer {
 public:
  /// `token` "" is a cluster without authentication; `port` 0 is a free one.
  explicit GcsServer(const std::string& token = "", int port = 0);
  ~GcsServer();
  GcsServer(const GcsServer&) = delete;
  GcsServer& operator=(const GcsServer&) = delete;

  std::string endpoint() const;  ///< "127.0.0.1:PORT"
  int port() const;
  /// Adds or replaces the node with `node.node_id`. `instance` is its RAY_CLOUD_INSTANCE_ID, or "".
  void put(const std::string& instance, const RayNode& node);
  /// The node as the world has it now; a default one if there is none of that id.
  RayNode node(const std::string& node_id) const;
  /// What waits for a place. The head is the node whose resources have node:__internal_head__.
  void set_load(const Load& load);
  /// Every answer from now on takes that long.
  void answer_after(Millis delay);
  /// What the last drain asked for: its message and its deadline.
  std::string last_drain_message() const;
  Time last_drain_finish_by() const;

 private:
  struct World;
  std::unique_ptr<World> world_;
};

}  // namespace rayctl::testing
