#include "state/push.h"

#include <gtest/gtest.h>

namespace rayctl {
namespace {

Snapshot state(const char* lineage, std::int64_t serial) {
  Snapshot snapshot;
  snapshot.lineage = lineage;
  snapshot.serial = serial;
  return snapshot;
}

TEST(Push, OnlyTheSameLineageAndNothingOlder) {
  EXPECT_TRUE(check_push({}, state("a", 3)));
  EXPECT_TRUE(check_push(state("a", 3), state("a", 3)));
  EXPECT_TRUE(check_push(state("a", 3), state("a", 4)));
  const Result<> older = check_push(state("a", 3), state("a", 2));
  ASSERT_FALSE(older);
  EXPECT_EQ(older.error().code, ErrorCode::kStateLineage);
  EXPECT_NE(older.error().message.find("older (serial 2)"), std::string::npos);
  for (const char* lineage : {"b", ""}) {
    const Result<> other = check_push(state("a", 3), state(lineage, 9));
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().code, ErrorCode::kStateLineage);
    EXPECT_NE(other.error().message.find("another cluster"), std::string::npos);
  }
}

}  // namespace
}  // namespace rayctl
