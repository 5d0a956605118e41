#pragma once
#include <cstdint>
#include <string_view>

#include "model/names.h"

namespace rayctl::planning {

/// "gpu-3" is number 3 of type "gpu". A name of another form has number -1 and is all `type`.
struct NameParts {
  std::string_view type;  ///< points into the name
  std::int64_t number = -1;
  /// gpu-2 before gpu-10.
  friend auto operator<=>(const NameParts&, const NameParts&) = default;
};

/// Numbers of more than nine digits are not ours: such a name is of another form.
NameParts parts_of(const NodeName& name);
NodeName numbered(const NodeTypeName& type, std::int64_t number);

}  // namespace rayctl::planning
