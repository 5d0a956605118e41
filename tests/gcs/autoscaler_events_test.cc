#include "gcs/autoscaler_events.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "model/json.h"

namespace rayctl {
namespace {

AutoscalerEvent event(const std::string& text) {
  return {.warning = true,
          .text = text,
          .at = Time{Millis{1'764'300'000'999}},
          .id = std::string(36, 'a'),
          .host = "head",
          .process_id = 7};
}

TEST(AutoscalerEvents, AreLinesThatRayReads) {
  EXPECT_EQ(autoscaler_event_line(event("Adding 2 node(s) of type gpu.")),
            R"({"custom_fields":{},"event_id":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","label":"",)"
            R"("message":"Adding 2 node(s) of type gpu.","severity":"WARNING",)"
            R"("source_hostname":"head","source_pid":7,"source_type":"AUTOSCALER",)"
            R"("timestamp":"1764300000"})"
            "\n");
  AutoscalerEvent quiet = event("");
  quiet.warning = false;
  EXPECT_EQ(Json::parse(autoscaler_event_line(quiet)).at("severity"), "INFO");
}

TEST(AutoscalerEvents, AnyTextIsOneLineOfJson) {
  for (const std::string& text :
       {std::string("two\nlines \"quoted\""), std::string("\xff\x00 no text", 10),
        std::string(50'000, 'x'), std::string(9'999, 'x') + "\xc3\xa9"}) {
    const std::string line = autoscaler_event_line(event(text));
    EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
    EXPECT_TRUE(line.ends_with("}\n"));
    EXPECT_FALSE(Json::parse(line, nullptr, false).is_discarded());
    EXPECT_LT(line.size(), 11'000U);
  }
}

}  // namespace
}  // namespace rayctl
