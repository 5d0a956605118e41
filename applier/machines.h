#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
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
  Machines(World& world, ClusterName cluster, std::stop_token leave = {})
      : world_(world), cluster_(std::move(cluster)), leave_(std::move(leave)) {}

  /// What `create` answered.
  void add(const ProviderName& provider, const CloudNode& machine);
  /// The machine as seen at most `age` ago, or, if that is negative, after this call began; nullopt
  /// if it is not listed.
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
  /// `patience` passes. `told` hears at each look what it waits for, where its provider says so.
  Result<CloudNode> running(const ProviderName& provider, const CloudId& id, Millis patience,
                            const std::function<void(const std::string& reason)>& told = {});

 private:
  struct Book {
    std::mutex mutex;
    std::atomic<std::uint64_t> lists = 0;  // that have begun
    std::optional<Time> listed_at;
    std::map<CloudId, CloudNode> machines;
    std::map<CloudId, CloudNode> made;  // by this run
    std::set<std::pair<CloudId, bool>> answered;
  };
  Book& book(const ProviderName& provider);
  /// `before`: book.lists when the caller asked, before it had the mutex.
  Result<> refresh(const ProviderName& provider, Book& book, Millis age, std::uint64_t before);
  /// False: the run is to leave.
  bool await_change(const ProviderName& provider, Millis pause);

  World& world_;
  const ClusterName cluster_;
  const std::stop_token leave_;
  std::mutex mutex_;
  std::map<ProviderName, std::unique_ptr<Book>> books_;
};

}  // namespace rayctl
