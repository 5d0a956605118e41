#include "base/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace rayctl {

void for_each_index(std::size_t count, std::size_t at_once,
                    const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next = 0;
  std::once_flag once;
  std::exception_ptr thrown;
  const auto take_turns = [&] {
    try {
      for (std::size_t at = next++; at < count; at = next++)
        work(at);
    } catch (...) {
      next = count;
      std::call_once(once, [&] { thrown = std::current_exception(); });
    }
  };
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 1; i < std::min(at_once, count); ++i)
      threads.emplace_back(take_turns);
    take_turns();
  }
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace rayctl
