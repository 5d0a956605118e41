#include "providers/aws/credentials.h"

#include <chrono>
#include <utility>

namespace rayctl::aws {
namespace {

using std::chrono::minutes;

bool same(const Credentials& one, const Credentials& other) {
  return one.key == other.key;
}

}  // namespace

CredentialCache::CredentialCache(Look look, Clock& clock)
    : Renewed(std::move(look), clock, {minutes{15}, minutes{10}, minutes{1}}, same) {}

}  // namespace rayctl::aws
