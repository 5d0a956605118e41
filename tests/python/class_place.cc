#include "tests/python/class_place.h"

#include <cstdlib>
#include <utility>

#include "base/digest.h"
#include "base/files.h"
#include "tests/support/tree/source_dir.h"

namespace rayctl {

Result<std::map<CloudId, python::ShelvedTags>> MemoryShelf::load() {
  const std::lock_guard guard(content_->mutex);
  return content_->tags;
}

Result<> MemoryShelf::put(const CloudId& id, const python::ShelvedTags& tags) {
  const std::lock_guard guard(content_->mutex);
  content_->tags[id] = tags;
  return {};
}

Result<> MemoryShelf::remove(const CloudId& id) {
  const std::lock_guard guard(content_->mutex);
  content_->tags.erase(id);
  return {};
}

Result<std::string> MemoryShelf::keeps(const std::string&) {
  const std::lock_guard guard(content_->mutex);
  return content_->keeps;
}

Result<> MemoryShelf::set_keeps(const std::string&, const std::string& keeps) {
  const std::lock_guard guard(content_->mutex);
  content_->keeps = keeps;
  return {};
}

ClassPlace::ClassPlace(std::string class_name, Json keys)
    : module(std::move(class_name)),
      more(std::move(keys)),
      folder_(std::filesystem::temp_directory_path() / ("rayctl-class-" + random_hex(6))) {
  std::filesystem::create_directories(folder_);
}

ClassPlace::~ClassPlace() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::shared_ptr<python::Bridge> ClassPlace::bridge() {
  const char* path = std::getenv("PATH");
  Json provider = {
      {"type", "external"}, {"module", module}, {"file", (folder_ / "machines.json").string()}};
  provider.update(more);
  return std::make_shared<python::Bridge>(
      python::BridgeSettings{
          .host = {.env = {{"PATH", path == nullptr ? "/usr/bin" : path},
                           {"HOME", folder_.string()}},
                   .folder = folder_.string()},
          .provider = std::move(provider),
          .config =
              [] {
                return Json::parse(R"({"available_node_types": {"worker": {"node_config": {}}}})");
              },
          .paths = {source_dir() + "/fixtures/python_providers"},
          .known = {},
          .keep = {}},
      clock);
}

std::unique_ptr<python::PythonProvider> ClassPlace::client() {
  return std::make_unique<python::PythonProvider>(
      bridge(), std::make_unique<MemoryShelf>(shelf), random_hex(8), std::vector<NodeTypeConfig>{},
      clock, [this](const std::string& note) { notes.push_back(note); });
}

Json ClassPlace::machines() const {
  const Result<std::string> text = read_file(folder_ / "machines.json");
  Json up = Json::object();
  if (!text) return up;
  const Json all = Json::parse(*text);
  for (const auto& [id, machine] : all.items()) {
    if (machine.at("state") == "up") up[id] = machine;
  }
  return up;
}

}  // namespace rayctl
