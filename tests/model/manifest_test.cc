#include "model/manifest.h"

#include <gtest/gtest.h>

#include "model/action.h"

namespace rayctl {
namespace {

ManifestEntry file(const char* path, const char* content, std::uint64_t size = 10) {
  return {.path = path, .mode = 0644, .size = size, .content = content};
}

TEST(Manifest, EqualContentsEqualDigests) {
  const Manifest one{{file("a", "1"), file("b", "2")}};
  EXPECT_EQ(manifest_digest(one), manifest_digest(Manifest{one}));
  EXPECT_EQ(manifest_digest({}), manifest_digest({}));
  EXPECT_FALSE(manifest_digest({}).empty());
}

TEST(Manifest, EveryFieldCounts) {
  const ManifestEntry base = file("a", "1");
  ManifestEntry mode = base, size = base, content = base, link = base, path = base;
  mode.mode = 0755;
  size.size = 11;
  content.content = "2";
  link.kind = ManifestEntry::Kind::kLink;
  path.path = "b";
  for (const ManifestEntry& other : {mode, size, content, link, path}) {
    EXPECT_NE(manifest_digest({{base}}), manifest_digest({{other}}));
  }
  EXPECT_NE(manifest_digest({{base}}), manifest_digest({{base, path}}));
}

TEST(Manifest, DeltaCountsAndWeighs) {
  const Manifest from{{file("a", "1"), file("b", "2"), file("c", "3"), file("e", "5")}};
  Manifest to{{file("b", "2"), file("c", "9", 7), file("d", "4", 100), file("e", "5")}};
  to.entries[3].mode = 0755;  // no bytes to send for that
  EXPECT_EQ(manifest_delta(from, to),
            (FileDelta{.added = 1, .changed = 2, .removed = 1, .bytes = 107}));
  EXPECT_EQ(manifest_delta(from, from), FileDelta{});
  EXPECT_EQ(manifest_delta({}, from), (FileDelta{.added = 4, .bytes = 40}));
  EXPECT_EQ(manifest_delta(from, {}), (FileDelta{.removed = 4}));
  EXPECT_EQ(to_text(manifest_delta(from, to)), "+1 ~2 -1 files, 107 B");
  EXPECT_EQ(to_text({.removed = 1}), "-1 file, 0 B");
  EXPECT_EQ(to_text(FileDelta{}), "0 files, 0 B");
}

TEST(Action, NodesAndVerbs) {
  EXPECT_EQ(nodes_of(CreateNodes{{"t"}, {{"a"}, {"b"}}}), (std::vector<NodeName>{{"a"}, {"b"}}));
  EXPECT_EQ(nodes_of(StartRay{{"a"}, {}}), (std::vector<NodeName>{{"a"}}));
  EXPECT_TRUE(nodes_of(CloseOp{{"t"}}).empty());
  EXPECT_TRUE(nodes_of(ConfigureAutoscaler{{"d"}}).empty());
  EXPECT_STREQ(verb_of(StartRay{}), "start-ray");
}

}  // namespace
}  // namespace rayctl
