// docs/formats/autoscaler_tick.schema.json says what the codec writes.
#include "tests/model/schema_walk.h"

#include <gtest/gtest.h>

#include "autoscaler/codec_fields.h"
#include "tests/autoscaler/tick_example.h"

namespace rayctl {
namespace {

template <class E>
Json words() {
  return Json(codec::kWords<E>);
}

TEST(TickSchema, SaysWhatIsWritten) {
  SchemaWalk walk("autoscaler_tick.schema.json");
  walk.check(to_json(examples::tick()));
  const auto properties = [&](const char* of) {
    return walk.root()["definitions"][of]["properties"];
  };
  EXPECT_EQ(properties("node")["stage"]["enum"], words<FleetNode::Stage>());
  EXPECT_EQ(properties("happened")["kind"]["enum"], words<Happened::Kind>());
  EXPECT_EQ(properties("trouble")["kind"]["enum"], words<Happened::Kind>());
  EXPECT_EQ(properties("gang")["strategy"]["enum"], words<GangStrategy>());
  EXPECT_EQ(properties("release")["cause"]["enum"], words<Cause>());
  EXPECT_EQ(properties("unmet")["kind"]["enum"], words<Unmet::Kind>());
  EXPECT_EQ(walk.root()["properties"]["format_version"]["pattern"], "^1\\.\\d+$");
  EXPECT_TRUE(std::string(kTickFormat).starts_with("1."));
}

}  // namespace
}  // namespace rayctl
