#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "providers/python/python_provider.h"

namespace rayctl {

/// What the state holds of tags, in memory.
class MemoryShelf final : public python::TagShelf {
 public:
  struct Content {
    std::mutex mutex;
    std::map<CloudId, python::ShelvedTags> tags;
    std::string keeps;
  };
  explicit MemoryShelf(std::shared_ptr<Content> content) : content_(std::move(content)) {}
  Result<std::map<CloudId, python::ShelvedTags>> load() override;
  Result<> put(const CloudId& id, const python::ShelvedTags& tags) override;
  Result<> remove(const CloudId& id) override;
  Result<std::string> keeps(const std::string& class_name) override;
  Result<> set_keeps(const std::string& class_name, const std::string& keeps) override;

 private:
  const std::shared_ptr<Content> content_;
};

/// A class of fixtures/python_providers with machines in a file of its own.
class ClassPlace {
 public:
  /// `keys`: further ones of the provider's section.
  explicit ClassPlace(std::string class_name, Json keys = Json::object());
  ~ClassPlace();
  ClassPlace(const ClassPlace&) = delete;
  ClassPlace& operator=(const ClassPlace&) = delete;

  /// The class in a process of its own, as one run of the program has it.
  std::unique_ptr<python::PythonProvider> client();
  std::shared_ptr<python::Bridge> bridge();
  /// Where the class's file lies, and whatever the class puts beside it.
  const std::filesystem::path& folder() const { return folder_; }
  /// The machines that there are, by id, as the class's file has them.
  Json machines() const;

  SystemClock clock;
  std::mutex launching;  ///< for clients that are held to one launch at a time
  std::shared_ptr<MemoryShelf::Content> shelf = std::make_shared<MemoryShelf::Content>();
  std::vector<std::string> notes;  ///< what people were told
  std::string module;              ///< may be changed between clients
  Json more;                       ///< the same

 private:
  const std::filesystem::path folder_;
};

}  // namespace rayctl
