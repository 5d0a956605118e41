#include <cmath>

#include "config/config.h"
#include "config/keys.h"

namespace rayctl {
namespace {

Json record_schema(const Record& record);

Json type_of(const char* name, bool nullable) {
  if (!nullable) return name;
  return {name, "null"};
}

Json map_of(const Json& values, bool nullable) {
  return {{"type", type_of("object", nullable)}, {"additionalProperties", values}};
}

Json number_schema(const char* type, const Key& key) {
  Json schema = {{"type", type_of(type, key.nullable)}};
  if (std::isfinite(key.least)) schema["minimum"] = static_cast<long long>(key.least);
  if (std::isfinite(key.most)) schema["maximum"] = key.most;
  return schema;
}

Json value_schema(const Key& key) {
  const Json scalars = {{"type", {"string", "number", "boolean"}}};
  switch (key.type) {
    case KeyType::kAny:
      return Json::object();
    case KeyType::kString: {
      Json schema = {{"type", type_of("string", key.nullable)}};
      if (!key.one_of.empty()) schema["enum"] = key.one_of;
      return schema;
    }
    case KeyType::kInt:
      return number_schema("integer", key);
    case KeyType::kNumber:
      return number_schema("number", key);
    case KeyType::kBool:
      return {{"type", type_of("boolean", key.nullable)}};
    case KeyType::kScalar:
      return scalars;
    case KeyType::kStrings:
      return {{"type", "array"}, {"items", {{"type", "string"}}}};
    case KeyType::kList:
      return {{"type", "array"}};
    case KeyType::kMap:
      return {{"type", type_of("object", key.nullable)}};
    case KeyType::kRecord:
      return record_schema(*key.record());
    case KeyType::kRecords: {
      Json list = {{"type", "array"}, {"items", record_schema(*key.record())}};
      return key.or_one ? Json{{"anyOf", {list, record_schema(*key.record())}}} : list;
    }
    case KeyType::kRecordOf:
      return map_of(record_schema(*key.record()), key.nullable);
    case KeyType::kStringOf:
      return map_of({{"type", "string"}}, key.nullable);
    case KeyType::kNumberOf: {
      Key one = key;
      one.nullable = false;
      return map_of(number_schema("number", one), key.nullable);
    }
    case KeyType::kScalarOf:
      return map_of(scalars, key.nullable);
  }
  return Json::object();
}

Json record_schema(const Record& record) {
  Json schema = {
      {"type", "object"}, {"properties", Json::object()}, {"additionalProperties", record.open}};
  for (const Key& key : record.keys) {
    Json value = value_schema(key);
    if (!key.about.empty()) value["description"] = key.about;
    schema["properties"][key.name] = value;
    if (key.required) schema["required"].push_back(key.name);
  }
  return schema;
}

/// What the rest of the file must look like once provider.type is known.
Json provider_branch(const ProviderKeys& keys) {
  const std::string node = "#/definitions/node_config." + keys.type;
  Json types = {{"additionalProperties", {{"properties", {{"node_config", {{"$ref", node}}}}}}}};
  // `resources` stood inside head_node and worker_nodes.
  Json older = {{"$ref", "#/definitions/older_node." + keys.type}};
  return {{"if",
           {{"properties", {{"provider", {{"properties", {{"type", {{"const", keys.type}}}}}}}}}}},
          {"then",
           {{"properties",
             {{"provider", {{"$ref", "#/definitions/provider." + keys.type}}},
              {"available_node_types", types},
              {"head_node", older},
              {"worker_nodes", older}}}}}};
}

}  // namespace

Json config_schema() {
  Json schema = record_schema(*top_record());
  schema["$schema"] = "http://json-schema.org/draft-07/schema#";
  schema["title"] = "Ray cluster, as rayctl reads it";
  Json types = Json::array();
  schema["allOf"] = Json::array();
  for (const ProviderKeys& keys : provider_keys()) {
    types.push_back(keys.type);
    Json provider = record_schema(*keys.provider());
    provider["description"] = keys.about;
    provider["properties"]["type"] = {{"const", keys.type}};
    provider["properties"]["rayctl"] = record_schema(*rayctl_record());
    schema["definitions"]["provider." + keys.type] = provider;
    Json node = record_schema(*keys.node_config());
    schema["definitions"]["node_config." + keys.type] = node;
    node["properties"]["resources"] = {{"type", "object"}};
    node["type"] = {"object", "null"};
    schema["definitions"]["older_node." + keys.type] = node;
    schema["allOf"].push_back(provider_branch(keys));
  }
  Json& provider = schema["properties"]["provider"];
  provider["required"] = {"type"};
  provider["properties"]["type"] = {{"enum", types},
                                    {"description", "Where the machines come from."}};
  schema["properties"]["available_node_types"]["additionalProperties"] =
      record_schema(*node_type_record());
  return schema;
}

}  // namespace rayctl
