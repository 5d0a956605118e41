#pragma once
#include "providers/python/tag_shelf.h"
#include "state/store.h"

namespace rayctl {

/// Tags of machines in the cluster's state, as pins: for provider classes that do not keep them.
class StateTags final : public python::TagShelf {
 public:
  explicit StateTags(StateStore& store) : store_(store) {}
  Result<std::map<CloudId, python::ShelvedTags>> load() override;
  Result<> put(const CloudId& id, const python::ShelvedTags& tags) override;
  Result<> remove(const CloudId& id) override;
  Result<std::string> keeps(const std::string& class_name) override;
  Result<> set_keeps(const std::string& class_name, const std::string& keeps) override;

 private:
  StateStore& store_;
};

}  // namespace rayctl
