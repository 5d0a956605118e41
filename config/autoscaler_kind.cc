#include <array>
#include <utility>

#include "config/config.h"

namespace rayctl {
namespace {

constexpr std::array<std::pair<const char*, AutoscalerKind>, 4> kWords{
    {{"rayctl", AutoscalerKind::kRayctl},
     {"operator", AutoscalerKind::kOperator},
     {"ray", AutoscalerKind::kRay},
     {"none", AutoscalerKind::kNone}}};

}  // namespace

std::optional<AutoscalerKind> autoscaler_kind(std::string_view word) {
  for (const auto& [each, kind] : kWords) {
    if (word == each) return kind;
  }
  return std::nullopt;
}

const char* to_text(AutoscalerKind kind) {
  for (const auto& [word, each] : kWords) {
    if (kind == each) return word;
  }
  return "rayctl";
}

}  // namespace rayctl
