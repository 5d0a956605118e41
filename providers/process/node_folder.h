#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "model/observed.h"
#include "model/tags.h"
#include "providers/process/proc.h"

namespace rayctl::process {

/// The environment variable that marks every process of a node, with the node's folder as value.
inline constexpr char kMarker[] = "RAYCTL_NODE_DIR";

/// What was decided when the node was made (node.json).
struct NodeFacts {
  std::string address;                                    ///< its own loopback address
  int gcs_port = 0, dashboard_port = 0, client_port = 0;  ///< of a head; else 0
  std::string temp_dir;                    ///< Ray's --temp-dir; short, for unix sockets
  std::map<std::string, std::string> env;  ///< node_config's own variables
  bool operator==(const NodeFacts&) const = default;
};

/// The folder of one node, which is its HOME. Ours are in .rayctl/ below it:
///   node.json   facts
///   tags.json   its tags, in them the token of the operation that made it
///   change.lock held by whoever makes or reaps the node, and while tags are changed
///   lock        held by the supervisor for life: held means alive
///   id          boot id, pid and start time of the supervisor; the machine's CloudId
///   stopping    the supervisor was told to end
///   stillborn   a list found that nobody makes it and nobody lives in it: a supervisor that comes
///               later, because who started it was killed, must not begin to
///   ops/        detached operations (transport/detached_op.h)
class NodeFolder {
 public:
  explicit NodeFolder(std::filesystem::path path) : path_(std::move(path)) {}

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path file(const char* name) const { return path_ / ".rayctl" / name; }
  std::filesystem::path life_lock() const { return file("lock"); }
  std::filesystem::path change_lock() const { return file("change.lock"); }

  bool exists() const;
  bool alive() const;  ///< somebody holds the life lock
  bool stopping() const;
  std::optional<Identity> identity() const;
  /// The supervisor's identity or, before there was one, a name that cannot be one.
  CloudId id() const;
  /// Whether `other` is its id now, or was before it was born: a list may have caught it then.
  bool is(const CloudId& other) const;
  Tags tags() const;  ///< empty if they cannot be read
  Result<> write_tags(const Tags& tags) const;
  Result<NodeFacts> facts() const;
  Result<> write_facts(const NodeFacts& facts) const;
  /// The node as a machine. nullopt while it is being made: whoever makes it returns it. Once it
  /// was seen as a machine that was never born, it stays that until somebody makes it again.
  std::optional<CloudNode> look() const;
  bool stillborn() const;
  /// It is made again.
  void forget_stillborn() const;

 private:
  std::string unborn_id() const;
  bool give_up() const;

  std::filesystem::path path_;
};

}  // namespace rayctl::process
