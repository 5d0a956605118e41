#include "providers/gcp/credentials.h"

#include <chrono>
#include <utility>

namespace rayctl::gcp {
namespace {

using std::chrono::minutes;

bool same(const Token& one, const Token& other) {
  return one.text == other.text;
}

}  // namespace

TokenCache::TokenCache(Look look, Clock& clock)
    : Renewed(std::move(look), clock, {minutes{5}, minutes{1}, std::chrono::seconds{30}}, same) {}

}  // namespace rayctl::gcp
