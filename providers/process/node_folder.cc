#include "providers/process/node_folder.h"

#include <unistd.h>

#include "base/files.h"
#include "base/text.h"
#include "model/json.h"
#include "providers/process/file_lock.h"

namespace rayctl::process {
namespace {

Result<Json> read_json(const std::filesystem::path& path) {
  Result<std::string> text = read_file(path);
  if (!text) return text.error();
  Json json = Json::parse(*text, nullptr, false);
  if (!json.is_object()) {
    return permanent(ErrorCode::kIo, path.string() + " does not hold what rayctl wrote there");
  }
  return json;
}

std::map<std::string, std::string> texts(const Json& json) {
  std::map<std::string, std::string> values;
  if (!json.is_object()) return values;
  for (const auto& [key, value] : json.items()) {
    if (value.is_string()) values[key] = value.get<std::string>();
  }
  return values;
}

}  // namespace

bool NodeFolder::exists() const {
  return ::access(file("").c_str(), F_OK) == 0;
}

bool NodeFolder::alive() const {
  return FileLock::held(life_lock());
}

bool NodeFolder::stopping() const {
  return ::access(file("stopping").c_str(), F_OK) == 0;
}

std::optional<Identity> NodeFolder::identity() const {
  const Result<std::string> text = read_file(file("id"));
  return text ? parse_identity(trim(*text)) : std::nullopt;
}

CloudId NodeFolder::id() const {
  const std::optional<Identity> born = identity();
  return {born ? to_text(*born) : unborn_id()};
}

bool NodeFolder::is(const CloudId& other) const {
  return other.text == unborn_id() || other == id();
}

std::string NodeFolder::unborn_id() const {
  return "unborn-" + path_.filename().string();
}

Tags NodeFolder::tags() const {
  const Result<Json> json = read_json(file("tags.json"));
  return json ? texts(*json) : Tags{};
}

Result<> NodeFolder::write_tags(const Tags& tags) const {
  return write_file_atomic(file("tags.json"), Json(tags).dump(2) + "\n");
}

Result<NodeFacts> NodeFolder::facts() const {
  const Result<Json> json = read_json(file("node.json"));
  if (!json) return json.error();
  const auto port = [&](const char* key) {
    const auto value = json->find(key);
    return value != json->end() && value->is_number_integer() ? value->get<int>() : 0;
  };
  const std::map<std::string, std::string> plain = texts(*json);
  const auto text = [&](const char* key) {
    const auto value = plain.find(key);
    return value == plain.end() ? std::string() : value->second;
  };
  NodeFacts facts{text("address"),     port("gcs_port"), port("dashboard_port"),
                  port("client_port"), text("temp_dir"), {}};
  if (json->contains("env")) facts.env = texts((*json)["env"]);
  return facts;
}

Result<> NodeFolder::write_facts(const NodeFacts& facts) const {
  const Json json = {{"address", facts.address},
                     {"gcs_port", facts.gcs_port},
                     {"dashboard_port", facts.dashboard_port},
                     {"client_port", facts.client_port},
                     {"temp_dir", facts.temp_dir},
                     {"env", facts.env}};
  return write_file_atomic(file("node.json"), json.dump(2) + "\n");
}

bool NodeFolder::stillborn() const {
  return ::access(file("stillborn").c_str(), F_OK) == 0;
}

void NodeFolder::forget_stillborn() const {
  ::unlink(file("stillborn").c_str());
}

/// False if somebody makes it or lives in it. Under both locks neither can begin.
bool NodeFolder::give_up() const {
  const Result<std::optional<FileLock>> change = FileLock::try_take(change_lock());
  if (!change || !*change) return false;
  const Result<std::optional<FileLock>> life = FileLock::try_take(life_lock());
  if (!life || !*life || identity()) return false;
  return write_file_atomic(file("stillborn"), "").ok();
}

std::optional<CloudNode> NodeFolder::look() const {
  const bool born = identity().has_value();
  const bool lives = alive();  // in this order: who is born lives already
  if (!born && (lives || (!stillborn() && !give_up()))) return std::nullopt;
  CloudNode node;
  node.id = id();
  node.tags = tags();
  node.power = !lives ? Power::kStopped : stopping() ? Power::kStopping : Power::kRunning;
  if (const Result<NodeFacts> known = facts()) node.internal_ip = known->address;
  read_tags(node);
  return node;
}

}  // namespace rayctl::process
