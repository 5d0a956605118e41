#include "applier/machines.h"

#include <algorithm>

#include "applier/retry.h"
#include "applier/timing.h"

namespace rayctl {
namespace {

/// Between two looks at a machine that does not get ready.
constexpr Millis kLongestPause{5'000};
/// Changes so near to each other are looked at in one list.
constexpr Millis kTogether{100};

std::string after_colon(const std::string& reason) {
  return reason.empty() ? "" : ": " + reason;
}

}  // namespace

bool ready(const CloudNode& machine) {
  return machine.power == Power::kRunning && !machine.internal_ip.empty();
}

Machines::Book& Machines::book(const ProviderName& provider) {
  const std::lock_guard lock(mutex_);
  std::unique_ptr<Book>& found = books_[provider];
  if (!found) found = std::make_unique<Book>();
  return *found;
}

void Machines::add(const ProviderName& provider, const CloudNode& machine) {
  Book& known = book(provider);
  const std::lock_guard lock(known.mutex);
  known.made[machine.id] = machine;
  known.machines.erase(machine.id);  // what was listed of a stopped one that was started
}

Result<> Machines::refresh(const ProviderName& provider, Book& book, Millis age,
                           std::uint64_t before) {
  if (book.listed_at && world_.clock.now() - *book.listed_at <= age) return {};
  if (book.listed_at && book.lists > before) return {};  // another thread's, while this one waited
  ++book.lists;
  Result<std::vector<CloudNode>> listed = retrying(world_, Repeat::kHarmless, [&] {
    return world_.provider(provider).list(cluster_, world_.clock.now() + kCallTimeout);
  });
  if (!listed) {
    book.listed_at.reset();
    return listed.error();
  }
  book.listed_at = world_.clock.now();
  book.machines.clear();
  if (!world_.provider(provider).list_lags()) book.made.clear();
  for (const CloudNode& machine : *listed) {
    book.made.erase(machine.id);
    book.machines.emplace(machine.id, machine);
  }
  return {};
}

Result<std::optional<CloudNode>> Machines::look(const ProviderName& provider, const CloudId& id,
                                                Millis age) {
  Book& known = book(provider);
  const std::uint64_t before = known.lists;
  const std::lock_guard lock(known.mutex);
  Result<> fresh = refresh(provider, known, age, before);
  if (!fresh) return fresh.error();
  if (const auto found = known.machines.find(id); found != known.machines.end()) {
    return std::optional(found->second);
  }
  if (const auto found = known.made.find(id); found != known.made.end()) {
    return std::optional(found->second);
  }
  return std::optional<CloudNode>();
}

Result<std::vector<CloudNode>> Machines::list(const ProviderName& provider) {
  Book& known = book(provider);
  const std::uint64_t before = known.lists;
  const std::lock_guard lock(known.mutex);
  Result<> fresh = refresh(provider, known, Millis{-1}, before);
  if (!fresh) return fresh.error();
  std::vector<CloudNode> machines;
  for (const auto& [id, machine] : known.machines)
    machines.push_back(machine);
  return machines;
}

bool Machines::answered(const ProviderName& provider, const CloudId& id, bool inside) {
  Book& known = book(provider);
  const std::lock_guard lock(known.mutex);
  return known.answered.contains({id, inside});
}

void Machines::note_answer(const ProviderName& provider, const CloudId& id, bool inside) {
  Book& known = book(provider);
  const std::lock_guard lock(known.mutex);
  known.answered.insert({id, inside});
}

void Machines::forget_answer(const ProviderName& provider, const CloudId& id) {
  Book& known = book(provider);
  const std::lock_guard lock(known.mutex);
  known.answered.erase({id, true});
}

Result<CloudNode> Machines::running(const ProviderName& provider, const CloudId& id,
                                    Millis patience,
                                    const std::function<void(const std::string&)>& told) {
  const Time deadline = world_.clock.now() + patience;
  Millis age = kListAge;
  std::string reason;
  for (Millis pause{500};; pause = std::min(pause * 2, kLongestPause)) {
    Result<std::optional<CloudNode>> found = look(provider, id, age);
    if (!found) return found.error();
    if (const std::optional<CloudNode>& machine = *found) {
      if (ready(*machine)) return *machine;
      if (machine->power != Power::kRunning && machine->power != Power::kPending) {
        return permanent(
            ErrorCode::kLaunchFailed,
            "machine " + id.text + " stopped or is stopping" + after_colon(machine->unwanted));
      }
      reason = machine->waits_for;
      if (told && !reason.empty()) told(reason);
    } else if (!world_.provider(provider).list_lags()) {
      return permanent(ErrorCode::kLaunchFailed,
                       "machine " + id.text + " is gone: somebody has deleted it");
    }
    if (world_.clock.now() >= deadline) {
      return permanent(ErrorCode::kLaunchFailed,
                       "machine " + id.text + (*found ? " did not get ready" : " is not listed") +
                           " within " + format_age(patience) + after_colon(reason));
    }
    if (!await_change(provider, pause)) return left_for_later();
    age = Millis{-1};
  }
}

bool Machines::await_change(const ProviderName& provider, Millis pause) {
  const Time until = world_.clock.now() + kLongestPause;
  const bool told = world_.provider(provider).await_change(cluster_, until, leave_);
  return world_.clock.sleep(told ? kTogether : pause, leave_);
}

}  // namespace rayctl
