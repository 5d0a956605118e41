#pragma once
#include <deque>
#include <functional>
#include <random>

#include "base/clock.h"
#include "transport/shared_file.h"

namespace rayctl {

/// True time, which moves only by hand, and a file in it.
struct LeaseWorld {
  Time now = parse_time("2026-01-02T03:04:05.000Z");
  std::optional<std::string> text;
  Time changed{};

  static std::int64_t second(Time time) { return time.time_since_epoch().count() / 1000; }
  SharedText look() const { return {text, Millis{1000 * (second(now) - second(changed))}}; }
  Swapped swap(const std::optional<std::string>& expected, std::string_view wanted, bool keep) {
    if (text != expected) return {false, look()};
    text = std::string(wanted);
    if (!keep) changed = now;
    return {true, {}};
  }
};

/// A party's own clock: true time, and by how much it is wrong. Sleeping turns true time.
class SkewedClock final : public Clock {
 public:
  explicit SkewedClock(LeaseWorld& world, Millis skew = Millis{0}) : world_(world), skew_(skew) {}
  Time now() const override { return world_.now + skew_; }
  bool sleep(Millis duration, std::stop_token stop) override {
    if (on_sleep) on_sleep();
    world_.now += duration;
    return !stop.stop_requested();
  }
  Time in_truth(Time time) const { return time - skew_; }
  std::function<void()> on_sleep;

 private:
  LeaseWorld& world_;
  Millis skew_;
};

/// The way to the file: takes time, and at times breaks before or after the change, which is then
/// done at once, later or never.
class ShakyFile final : public SharedFile {
 public:
  explicit ShakyFile(LeaseWorld& world, std::mt19937* random = nullptr)
      : world_(world), random_(random) {}

  Result<SharedText> read(Time) override {
    pass_time();
    if (breaks()) return transient(ErrorCode::kConnectionLost, "broken");
    SharedText found = world_.look();
    pass_time();
    return found;
  }
  Result<Swapped> swap(const std::optional<std::string>& expected, std::string_view wanted, Time,
                       bool keep) override {
    pass_time();
    if (!breaks()) {
      Swapped swapped = world_.swap(expected, wanted, keep);
      pass_time();
      return swapped;
    }
    const std::string text(wanted);
    switch (draw(4)) {
      case 0:
        return transient(ErrorCode::kConnectionLost, "not sent");
      case 1:
        break;  // lost on the way
      case 2:
        world_.swap(expected, text, keep);
        break;
      default:
        late.push_back([this, expected, text, keep] { world_.swap(expected, text, keep); });
    }
    return unknown_outcome(ErrorCode::kConnectionLost, "broken");
  }

  std::deque<std::function<void()>> late;  ///< changes that are still on their way

 private:
  unsigned draw(unsigned below) { return static_cast<unsigned>((*random_)()) % below; }
  bool breaks() { return random_ != nullptr && draw(12) == 0; }
  void pass_time() {
    if (random_ == nullptr) return;
    world_.now += Millis{draw(10) == 0 ? draw(3'000) : draw(30)};
  }

  LeaseWorld& world_;
  std::mt19937* random_;
};

}  // namespace rayctl
