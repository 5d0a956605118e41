#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "applier/world.h"
#include "model/observed.h"

namespace rayctl {

/// Whether a machine can be worked on: it runs and has an address.
bool ready(const CloudNode& machine);

/// The machines as their providers listed them, listed again when asked for something newer.
/// A machine that `create` returned is known even while an eventually consistent list lacks it.
/// Threads that need the same list share one call. Thread-safe.
class Machines {
 public:
  Machines(World& world, ClusterName cluster) : world_(world), cluster_(std::move(cluster)) {}

  /// What `create` answered.
  void add(const ProviderName& provider, const CloudNode& machine);
  /// The machine as seen at most `age` ago; nullopt if it is not listed.
  Result<std::optional<CloudNode>> look(const ProviderName& provider, const CloudId& id,
                                        Millis age);
  /// All machines, listed now.
  Result<std::vector<CloudNode>> list(const ProviderName& provider);
  /// Whether a command has run on the machine, or (`inside`) in its container, in this run.
  bool answered(const ProviderName& provider, const CloudId& id, bool inside);
  void note_answer(const ProviderName& provider, const CloudId& id, bool inside);
  /// Its container is another one now.
  void forget_answer(const ProviderName& provider, const CloudId& id);
  /// Waits until the machine runs and has an address; kLaunchFailed if it ends instead or
  /// `patience` passes.
  Result<CloudNode> running(const ProviderName& provider, const CloudId& id, Millis patience);

 private:
  struct Book {
    std::mutex mutex;
    std::optional<Time> listed_at;
    std::map<CloudId, CloudNode> machines;
    std::map<CloudId, CloudNode> made;  // by this run
    std::set<std::pair<CloudId, bool>> answered;
  };
  Book& book(const ProviderName& provider);
  Result<> refresh(const ProviderName& provider, Book& book, Millis age);

  World& world_;
  const ClusterName cluster_;
  std::mutex mutex_;
  std::map<ProviderName, std::unique_ptr<Book>> books_;
};

}  // namespace rayctl
