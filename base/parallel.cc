#include "base/parallel.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace rayctl {

void for_each_index(std::size_t count, std::size_t at_once,
                    const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next = 0;
  const auto take_turns = [&] {
    for (std::size_t at = next++; at < count; at = next++)
      work(at);
  };
  std::vector<std::jthread> threads;
  for (std::size_t i = 1; i < std::min(at_once, count); ++i)
    threads.emplace_back(take_turns);
  take_turns();
}

}  // namespace rayctl
