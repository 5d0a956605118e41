#pragma once
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "applier/world.h"
#include "model/observed.h"

namespace rayctl {

/// When machines will be taken away, by their own word: each worker is asked in turn, on a thread
/// of its own, by a script that prints a time (ProviderParts::notice_script).
class Notices {
 public:
  /// The world outlives it. `script` "": nobody is asked.
  Notices(World& world, ProviderName provider, std::string script);
  ~Notices();
  Notices(const Notices&) = delete;
  Notices& operator=(const Notices&) = delete;

  /// Puts what is known into the machines seen, and has these asked from now on.
  void apply(Observed& observed);

 private:
  void run(const std::stop_token& stop);
  void ask(const CloudNode& machine);

  World& world_;
  const ProviderName provider_;
  const std::string script_;
  std::mutex mutex_;
  std::vector<CloudNode> machines_;
  std::map<CloudId, Time> ends_;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace rayctl
