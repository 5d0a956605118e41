#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "base/files.h"
#include "model/json.h"
#include "tests/support/tree/source_dir.h"

namespace rayctl {

/// Walks a value with every field set beside docs/formats/`name`: both must name the same keys,
/// kinds and words.
class SchemaWalk {
 public:
  explicit SchemaWalk(const char* name) {
    const std::string path = source_dir() + "/docs/formats/" + name;
    root_ = Json::parse(*read_file(path));
  }

  const Json& root() const { return root_; }
  void check(const Json& value) { walk(root_, value, "$"); }
  /// The verbs met on the way.
  const std::set<std::string>& verbs() const { return verbs_; }

 private:
  const Json& resolve(const Json& schema) const {
    const auto ref = schema.find("$ref");
    if (ref == schema.end()) return schema;
    return root_.at(Json::json_pointer(ref->get<std::string>().substr(1)));
  }

  void walk(const Json& unresolved, const Json& value, const std::string& path) {
    const Json& schema = resolve(unresolved);
    if (schema.contains("anyOf")) {
      if (!value.is_null()) walk(schema["anyOf"][0], value, path);
    } else if (schema.contains("oneOf")) {
      for (const Json& each : schema["oneOf"]) {
        if (each["properties"]["verb"]["const"] == value.at("verb")) {
          verbs_.insert(value.at("verb"));
          walk(each, value, path);
          return;
        }
      }
      ADD_FAILURE() << path << ": no alternative for " << value.dump();
    } else if (schema.contains("enum")) {
      EXPECT_NE(std::find(schema["enum"].begin(), schema["enum"].end(), value),
                schema["enum"].end())
          << path << ": " << value.dump();
    } else if (schema.contains("const")) {
      EXPECT_EQ(schema["const"], value) << path;
    } else if (schema.contains("properties")) {
      record(schema, value, path);
    } else if (schema.contains("additionalProperties")) {
      ASSERT_TRUE(value.is_object()) << path;
      for (const auto& [key, each] : value.items()) {
        walk(schema["additionalProperties"], each, below(path, key));
      }
    } else if (schema.contains("items")) {
      ASSERT_TRUE(value.is_array()) << path;
      for (const Json& each : value)
        walk(schema["items"], each, path + "[]");
    } else if (schema.contains("type")) {
      plain(schema["type"], value, path);
    }
  }

  static std::string below(std::string path, const std::string& key) {
    return path.append(".").append(key);
  }

  void record(const Json& schema, const Json& value, const std::string& path) {
    ASSERT_TRUE(value.is_object()) << path;
    std::set<std::string> known, present, required;
    for (const auto& [key, ignored] : schema["properties"].items())
      known.insert(key);
    for (const auto& [key, ignored] : value.items())
      present.insert(key);
    for (const Json& key : schema["required"])
      required.insert(key.get<std::string>());
    EXPECT_EQ(known, present) << path;
    EXPECT_EQ(known, required) << path;
    for (const auto& [key, each] : value.items()) {
      if (known.contains(key)) walk(schema["properties"][key], each, below(path, key));
    }
  }

  static void plain(const std::string& type, const Json& value, const std::string& path) {
    const bool fits =
        (type == "string" && value.is_string()) || (type == "boolean" && value.is_boolean()) ||
        (type == "integer" && value.is_number_integer()) || (type == "number" && value.is_number());
    EXPECT_TRUE(fits) << path << ": " << value.dump() << " is no " << type;
  }

  Json root_;
  std::set<std::string> verbs_;
};

}  // namespace rayctl
