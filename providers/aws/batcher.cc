#include "providers/aws/batcher.h"

#include <algorithm>
#include <span>

#include "providers/aws/errors.h"

namespace rayctl::aws {
namespace {

using Ends = std::map<std::string, Changed>;

// Whether one of several may be what the service minds.
bool about_one(const Changed& end) {
  if (end || end.api.code.empty()) return false;
  switch (meaning_of(end.api.code, end.api.status).kind) {
    case ErrorClass::kThrottled:
    case ErrorClass::kAccount:
    case ErrorClass::kBadCredentials:
    case ErrorClass::kExpired:
    case ErrorClass::kServerFault:
      return false;
    default:
      return true;
  }
}

void call_for(std::span<const std::string> ids, Time deadline, const Batcher::Call& call,
              Ends& ends) {
  const Changed end = call({ids.begin(), ids.end()}, deadline);
  if (ids.size() > 1 && about_one(end)) {
    call_for(ids.first(ids.size() / 2), deadline, call, ends);
    call_for(ids.subspan(ids.size() / 2), deadline, call, ends);
    return;
  }
  for (const std::string& id : ids)
    ends.insert_or_assign(id, end);
}

}  // namespace

void Batcher::finish(Batch& batch, const Call& call) {
  std::sort(batch.ids.begin(), batch.ids.end());
  batch.ids.erase(std::unique(batch.ids.begin(), batch.ids.end()), batch.ids.end());
  Ends ends;
  call_for(batch.ids, batch.deadline, call, ends);
  const std::lock_guard lock(mutex_);
  batch.ends = std::move(ends);
  batch.done = true;
  changed_.notify_all();
}

Changed Batcher::run(const std::string& key, const std::string& id, Time deadline,
                     const Call& call) {
  std::unique_lock lock(mutex_);
  std::shared_ptr<Batch>& open = open_[key];
  const bool first = open == nullptr;
  if (first) open = std::make_shared<Batch>();
  const std::shared_ptr<Batch> batch = open;
  batch->ids.push_back(id);
  batch->deadline = std::max(batch->deadline, deadline);
  if (batch->ids.size() >= most_) {
    open_.erase(key);
    changed_.notify_all();
  }
  if (!first) {
    changed_.wait(lock, [&] { return batch->done; });
    return batch->ends.at(id);
  }
  changed_.wait_for(lock, window_, [&] { return batch->ids.size() >= most_; });
  const auto still = open_.find(key);
  if (still != open_.end() && still->second == batch) open_.erase(still);
  lock.unlock();
  finish(*batch, call);
  return batch->ends.at(id);
}

}  // namespace rayctl::aws
