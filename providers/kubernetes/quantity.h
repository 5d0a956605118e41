#pragma once
#include <optional>
#include <string_view>

#include "model/json.h"

namespace rayctl::kubernetes {

/// An amount as Kubernetes writes it: "500m", "2", "1.5Gi", "3e2". nullopt if it is none. Pure.
/// https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
std::optional<double> read_quantity(std::string_view text);
/// The same for a value of a manifest, which may also be a number.
std::optional<double> read_quantity(const Json& value);

}  // namespace rayctl::kubernetes
