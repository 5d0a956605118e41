#pragma once
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "model/observed.h"
#include "providers/python/host_answer.h"
#include "providers/python/tag_shelf.h"

namespace rayctl::python {

/// The tags of a class's machines, whether or not it keeps them. What it is given is put on the
/// shelf until a later run finds it with the class; what the class has lost by then, or never took,
/// the shelf goes on holding. Thread-safe.
class KeptTags {
 public:
  /// `writer`: this run of the program. `warn` is told that the class does not keep tags.
  KeptTags(TagShelf& shelf, std::string writer, std::function<void(const std::string&)> warn);

  /// Completes what the class lists with what the shelf has.
  Result<> complete(std::vector<CloudNode>& nodes, const std::string& class_name);
  /// Remembers what a machine was given; `kept`: the class shows it.
  Result<> given(const CloudId& id, const Tags& tags, bool kept, const std::string& class_name);
  Result<> forget(const CloudId& id);

 private:
  /// Once for each cluster and class.
  Result<> tell(const std::string& class_name);

  TagShelf& shelf_;
  const std::string writer_;
  const std::function<void(const std::string&)> warn_;
  std::mutex mutex_;
};

/// Those that any place takes, also one whose labels are as narrow as Google Cloud's.
Tags narrow_tags(const Tags& tags);
/// Whether a class may have refused tags for their form.
bool may_be_about_tags(const HostFailure& failure);

}  // namespace rayctl::python
