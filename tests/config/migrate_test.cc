#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "config/config.h"
#include "config/emit.h"
#include "config/old_flags.h"
#include "config/reader.h"
#include "config/resolve.h"
#include "tests/config/support.h"

namespace rayctl {
namespace {

Migrated migrated(const Config& config) {
  Result<Migrated> result = migrate_config(config);
  EXPECT_TRUE(result.ok());
  return result ? *result : Migrated{};
}

TEST(Migrate, TheOldExamplesKeepTheirNodes) {
  const char* wheels = std::getenv("RAYCTL_RAY_WHEELS");
  ASSERT_NE(wheels, nullptr) << "RAYCTL_RAY_WHEELS is not set. Run through ./dev";
  for (const std::string provider : {"aws", "gcp", "kubernetes", "local", "azure"}) {
    const std::string file =
        std::string(wheels) + "/0.8.7/ray/autoscaler/" + provider + "/example-full.yaml";
    const Parsed parsed = parse_config(bytes_of(file), file, {.home = "/h", .old_flags = true});
    ASSERT_TRUE(parsed.config) << listed(parsed);
    Config before = *parsed.config;
    Migrated result = migrated(before);
    Config after = good(result.yaml);
    for (std::string& line : before.head_start_ray_commands)
      line = with_new_flags(line);
    EXPECT_FALSE(after.older_form) << result.yaml;
    Desired was = resolve(before, default_scale(before, {}), {}, "key");
    Desired is = resolve(after, default_scale(after, {}), {}, "key");
    EXPECT_EQ(is.want, was.want) << result.yaml;
    for (const auto& [type, spec] : was.specs)
      EXPECT_EQ(is.specs[type].digests, spec.digests) << result.yaml;
    EXPECT_EQ(after.max_workers, before.max_workers);
    EXPECT_EQ(after.upscaling_speed, 0.25);
  }
}

TEST(Migrate, FlagsThatRayRenamedGetTheirNewNames) {
  const std::pair<const char*, const char*> lines[] = {
      {"ray start --head --webui-host 0.0.0.0", "ray start --head --dashboard-host 0.0.0.0"},
      {"ulimit; ray start --redis-port=6379 --webui-host=::",
       "ulimit; ray start --port=6379 --dashboard-host=::"},
      {"ray start --redis-address $X", "ray start --address $X"},
      {"ray start --webui-host-not --port=1", "ray start --webui-host-not --port=1"},
      {"echo --webui-host x", "echo --webui-host x"},
  };
  for (const auto& [old, now] : lines)
    EXPECT_EQ(with_new_flags(old), now);
}

TEST(Migrate, SaysWhatItDropped) {
  Migrated result = migrated(
      good("provider: {type: aws, region: x}\nmin_workers: 1\ninitial_workers: 3\nmax_workers: 4\n"
           "autoscaling_mode: aggressive\nhead_node: {InstanceType: a}\nworker_nodes: "
           "{InstanceType: b}\n"
           "docker: {image: ''}\nmetadata: {a: 1}\n"));
  ASSERT_EQ(result.dropped.size(), 4U);
  EXPECT_EQ(result.dropped[0], "autoscaling_mode: upscaling_speed, now 99999, takes its place");
  EXPECT_EQ(result.dropped[1],
            "initial_workers: the newer form has no such count; raise min_workers of the node type "
            "to begin with 3");
  EXPECT_EQ(result.dropped[2], "docker: it names no image, which means no container");
  EXPECT_EQ(result.dropped[3], "metadata: nothing reads it; copy it over if you need it");
  EXPECT_EQ(good(result.yaml).node_types.at(1).min_workers, 1);
}

TEST(Migrate, RefusesTheNewerForm) {
  EXPECT_FALSE(migrate_config(good("provider: {type: aws, region: x}\n")).ok());
}

TEST(Emit, ReadsBackAsItWas) {
  const Json values = {
      {"texts",
       {"",     " ",     "yes", "1",     "1.0", "~",   "null", "a: b", "- a",  "#x", "a #b",
        "x\ny", "\ttab", "'q'", "\"q\"", "ü",   "010", "1e3",  "a,b",  "{a}",  "=",  "<<",
        "a ",   "!x",    "&x",  "*x",    "%x",  "@x",  "`x`",  "a:b",  "12:30"}},
      {"yes", true},
      {"1", -1},
      {"big", 1e20},
      {"small", 1.5e-9},
      {"nothing", nullptr},
      {"empty", {{"list", Json::array()}, {"map", Json::object()}}},
      {"nested",
       {{{"a", {1, {2, 3}}}, {"b", {{"c", "d"}}}}, {{4}}, Json::array({Json::array({5})})}},
  };
  std::string yaml = emit_yaml({{"a key", values}});
  Findings findings;
  auto read = read_yaml(yaml, "f", findings);
  ASSERT_TRUE(read) << yaml;
  EXPECT_TRUE(findings.sorted().empty()) << yaml;
  EXPECT_EQ(to_json(*read), Json({{"a key", values}})) << yaml;
}

}  // namespace
}  // namespace rayctl
