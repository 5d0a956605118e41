#include "planner/disturbance.h"

#include <array>
#include <charconv>
#include <string_view>

#include "base/text.h"

namespace rayctl::planning {
namespace {

std::string amount(double value) {
  std::array<char, 32> text{};
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::general, 6);
  return {text.data(), end.ptr};
}

/// Resources that are there for Ray's own bookkeeping say nothing about work.
bool counts_as_work(std::string_view resource) {
  return resource != "memory" && resource != "object_store_memory" &&
         !resource.starts_with("node:") && !resource.starts_with("accelerator_type:");
}

std::string work_on(const RayNode& ray) {
  constexpr double kLeast = 1e-6;
  std::vector<std::string> used;
  for (const auto& [resource, total] : ray.total) {
    if (!counts_as_work(resource)) continue;
    const auto free = ray.available.find(resource);
    const double busy = total - (free == ray.available.end() ? 0.0 : free->second);
    if (busy > kLeast) used.push_back(amount(busy) + " " + resource);
  }
  if (!used.empty()) return "work that uses " + join(used, ", ");
  if (!ray.activity.empty()) return "work: " + ray.activity.front();
  return "work that uses no resources";
}

}  // namespace

std::string disturbance(const Inputs& in, const NodeView& node) {
  if (node.presence == Presence::kStopped) return "nobody (its machine is stopped)";
  if (!started(*node.record)) return "nobody (Ray was not started)";
  if (node.ray_state == RayState::kDown) return "nobody (Ray is down)";
  if (node.ray != nullptr) {
    if (!node.ray->idle) return work_on(*node.ray);
    const Millis idle = node.ray->idle_for;
    return idle > Millis{0} ? "nobody (idle " + format_age(idle) + ")" : "nobody (idle)";
  }
  const NodeSpec* spec = spec_of(in.desired, node.type);
  if (spec != nullptr && !spec->start.ray) return "its process";
  return in.observed.ray ? "unknown: Ray could not be asked" : "unknown: Ray was not asked";
}

}  // namespace rayctl::planning
