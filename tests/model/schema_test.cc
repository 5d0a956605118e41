// docs/formats/*.schema.json say what the codecs write: each walks a value with every field set
// beside the schema, and both must name the same keys, kinds and words.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/files.h"
#include "model/codec.h"
#include "tests/model/examples.h"

namespace rayctl {
namespace {

class SchemaWalk {
 public:
  explicit SchemaWalk(const char* name) {
    const std::string path = std::string(RAYCTL_SOURCE_DIR) + "/docs/formats/" + name;
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

/// The words that to_text gives for the values 0, 1, ... of an enumeration of `count`.
template <class E>
Json words(int count) {
  Json list = Json::array();
  for (int i = 0; i < count; ++i)
    list.push_back(to_text(static_cast<E>(i)));
  return list;
}

TEST(Schema, StateSaysWhatIsWritten) {
  SchemaWalk walk("state.schema.json");
  walk.check(to_json(examples::snapshot()));
  EXPECT_EQ(walk.root()["definitions"]["node"]["properties"]["phase"]["enum"], words<Phase>(4));
}

TEST(Schema, PlanSaysWhatIsWritten) {
  SchemaWalk walk("plan.schema.json");
  walk.check(to_json(examples::plan()));
  const Json& definitions = walk.root()["definitions"];
  EXPECT_EQ(walk.verbs().size(), definitions["action"]["oneOf"].size());
  EXPECT_EQ(walk.verbs().size(), std::variant_size_v<Action>);
  EXPECT_EQ(definitions["step"]["properties"]["reason"]["enum"], words<Reason>(12));
  EXPECT_EQ(definitions["precondition"]["properties"]["power"]["anyOf"][0]["enum"],
            words<Power>(5));
}

TEST(Schema, BothTakeTheVersionThatIsWritten) {
  EXPECT_EQ(std::string(kStateFormat).substr(0, 2), "1.");
  EXPECT_EQ(std::string(kPlanFormat).substr(0, 2), "1.");
  for (const char* name : {"state.schema.json", "plan.schema.json"}) {
    const SchemaWalk walk(name);
    EXPECT_EQ(walk.root()["properties"]["format_version"]["pattern"], "^1\\.\\d+$");
  }
}

}  // namespace
}  // namespace rayctl
