#include <gtest/gtest.h>

#include "net/retry_after.h"
#include "net/times.h"
#include "net/url_text.h"

namespace rayctl {
namespace {

TEST(UrlText, EscapesWhatIsNotPlain) {
  EXPECT_EQ(percent_encode("us-west1_a.b~"), "us-west1_a.b~");
  EXPECT_EQ(percent_encode("a b/\xc3\xbc~*'", "/"), "a%20b/%C3%BC~%2A%27");
  EXPECT_EQ(percent_encode("a/c@d:"), "a%2Fc%40d%3A");
  EXPECT_EQ(percent_decode("a%20b%2f%zz%4"), "a b/%zz%4");
  EXPECT_EQ(form_encode({}), "");
  EXPECT_EQ(form_encode({{"B", "x=1&y"}, {"A.1", ""}}), "A.1=&B=x%3D1%26y");
}

TEST(Times, ReadsEveryFormOfRfc3339) {
  const Time time = parse_time("2026-01-02T03:04:05.000Z");
  for (const char* text : {"2026-01-02T03:04:05Z", "2026-01-02t03:04:05z", "2026-01-02 03:04:05Z",
                           "2026-01-02T05:34:05+02:30", "2026-01-01T22:04:05-05:00"}) {
    EXPECT_EQ(parse_timestamp(text), time) << text;
  }
  EXPECT_EQ(parse_timestamp("2026-01-02T03:04:05.250Z"), time + Millis{250});
  EXPECT_EQ(parse_timestamp("2026-01-02T03:04:05.123456789Z"), time + Millis{123});
  for (const char* bad : {"", "soon", "2026-01-02", "2026-13-02T03:04:05Z", "2026-01-02T25:04:05Z",
                          "2026-01-02T03:04:05", "2026-01-02T03:04:05.12", "2026-01-02T03:04:05X",
                          "2026-01-02T03:04:05+x"}) {
    EXPECT_EQ(parse_timestamp(bad), std::nullopt) << bad;
  }
}

TEST(Times, ReadsADateHeader) {
  EXPECT_EQ(parse_http_date("Fri, 02 Jan 2026 03:04:05 GMT"),
            parse_time("2026-01-02T03:04:05.000Z"));
  EXPECT_EQ(parse_http_date("Fri, 02 Xxx 2026 03:04:05 GMT"), std::nullopt);
  EXPECT_EQ(parse_http_date("yesterday"), std::nullopt);
}

TEST(RetryAfter, ReadsHowLongToWait) {
  const auto wait = [](const std::string& text) {
    return retry_after({.status = 429, .headers = {{"retry-after", text}}});
  };
  EXPECT_EQ(wait("7"), Millis{7'000});
  EXPECT_EQ(wait("0.5"), Millis{500});
  EXPECT_EQ(wait("99999999"), Millis{3'600'000});
  EXPECT_EQ(wait("Fri, 02 Jan 2026 03:04:05 GMT"), Millis{0});
  EXPECT_EQ(wait("-1"), Millis{0});
  EXPECT_EQ(retry_after({}), Millis{0});
}

}  // namespace
}  // namespace rayctl
