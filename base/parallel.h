#pragma once
#include <cstddef>
#include <functional>

namespace rayctl {

/// Calls `work` with each of 0 .. count-1, on up to `at_once` threads of which the caller's is one,
/// and returns when all calls have. After an exception of `work` nothing more begins, and the first
/// one is thrown again here.
void for_each_index(std::size_t count, std::size_t at_once,
                    const std::function<void(std::size_t)>& work);

}  // namespace rayctl
