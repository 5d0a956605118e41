#pragma once
#include <map>
#include <string>

#include "base/result.h"
#include "model/names.h"
#include "model/tags.h"

namespace rayctl::python {

/// Tags of a machine that its class was given and may not keep.
struct ShelvedTags {
  std::string writer;  ///< the run of the program that gave them
  Tags tags;
  bool operator==(const ShelvedTags&) const = default;
};

/// Where tags are kept for classes that do not keep them. Thread-safe.
class TagShelf {
 public:
  virtual ~TagShelf() = default;
  virtual Result<std::map<CloudId, ShelvedTags>> load() = 0;
  virtual Result<> put(const CloudId& id, const ShelvedTags& tags) = 0;
  virtual Result<> remove(const CloudId& id) = 0;
  /// What is known of a class: "" nothing, "yes": a later run of the program found all tags as they
  /// were given, "no": some were lost or never taken.
  virtual Result<std::string> keeps(const std::string& class_name) = 0;
  virtual Result<> set_keeps(const std::string& class_name, const std::string& keeps) = 0;
};

}  // namespace rayctl::python
