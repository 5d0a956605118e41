// docs/formats/*.schema.json say what the codecs write: each walks a value with every field set
// beside the schema, and both must name the same keys, kinds and words.
#include <gtest/gtest.h>

#include "model/codec.h"
#include "tests/model/examples.h"
#include "tests/model/schema_walk.h"

namespace rayctl {
namespace {

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
