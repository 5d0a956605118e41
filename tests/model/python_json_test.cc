#include "model/python_json.h"

#include <gtest/gtest.h>

#include <limits>

// Most of what python_json must write is held against Python itself through fixtures/ray_hash/.

namespace rayctl {
namespace {

TEST(PythonJson, Separators) {
  EXPECT_EQ(python_json(Json::parse(R"({"b":[1,2],"a":{"x":null}})")),
            R"({"a": {"x": null}, "b": [1, 2]})");
}

TEST(PythonJson, FloatsThatNoJsonFileHolds) {
  EXPECT_EQ(python_json(std::numeric_limits<double>::quiet_NaN()), "NaN");
  EXPECT_EQ(python_json(std::numeric_limits<double>::infinity()), "Infinity");
  EXPECT_EQ(python_json(-std::numeric_limits<double>::infinity()), "-Infinity");
}

TEST(PythonJson, WholeFloatsStayFloats) {
  EXPECT_EQ(python_json(1.0), "1.0");
  EXPECT_EQ(python_json(1), "1");
  EXPECT_EQ(python_json(-0.0), "-0.0");
  EXPECT_EQ(python_json(1e16), "1e+16");
  EXPECT_EQ(python_json(1e-5), "1e-05");
}

TEST(PythonJson, BytesThatAreNoTextBecomeTheReplacementCharacter) {
  EXPECT_EQ(python_json("a\xff"
                        "b"),
            R"("a\ufffdb")");
  EXPECT_EQ(python_json("\xc3"), R"("\ufffd")");                      // cut short
  EXPECT_EQ(python_json("\xc0\x80"), R"("\ufffd\ufffd")");            // longer than it need be
  EXPECT_EQ(python_json("\xed\xa0\x80"), R"("\ufffd\ufffd\ufffd")");  // half of a pair
  EXPECT_EQ(python_json("\xf4\x90\x80\x80"), R"("\ufffd\ufffd\ufffd\ufffd")");  // beyond Unicode
  EXPECT_EQ(python_json("\xf4\x8f\xbf\xbf"), R"("\udbff\udfff")");
}

}  // namespace
}  // namespace rayctl
