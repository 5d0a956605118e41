#include "transport/delivered.h"

#include <gtest/gtest.h>

namespace rayctl {
namespace {

using Kind = ManifestEntry::Kind;

const ManifestEntry kFile{"", 0644, 3, "abc"};
const ManifestEntry kLink{"x y\n/\xff", 0777, 1, "d", Kind::kLink};
const ManifestEntry kFolder{"z", 0750, 0, "", Kind::kFolder};

std::string log_of(const std::vector<ManifestEntry>& entries) {
  std::string text = delivered_header();
  for (const ManifestEntry& entry : entries)
    text += delivered_entry(entry);
  return text;
}

TEST(Delivered, ComesBackAsItWas) {
  const Manifest manifest{{kFile, kLink, kFolder}};
  const std::string text = log_of(manifest.entries) + delivered_whole({"digest"});
  const Delivered read = parse_delivered(text);
  EXPECT_TRUE(read.readable);
  EXPECT_TRUE(read.complete);
  EXPECT_EQ(read.manifest, manifest);
}

TEST(Delivered, WhatComesLaterCounts) {
  ManifestEntry changed = kFile;
  changed.content = "new";
  const std::string text = log_of({kFile, kLink, kFolder}) + delivered_whole({"1"}) + '\0' +
                           delivered_begun(kFolder) + delivered_begun(kFile) +
                           delivered_entry(changed) + delivered_gone(kLink.path);
  const Delivered read = parse_delivered(text);
  EXPECT_FALSE(read.complete) << "the delivery that was begun never ended";
  ASSERT_EQ(read.manifest.entries.size(), 2U);
  EXPECT_EQ(read.manifest.entries[0], changed);
  EXPECT_EQ(read.manifest.entries[1].content, kUnknownContent);
  EXPECT_EQ(read.manifest.entries[1].kind, Kind::kFolder);
}

TEST(Delivered, CutAtAnyByteItNeverNamesWhatWasNotThere) {
  const std::string text = log_of({kFile, kLink, kFolder, {"zz/name", 0600, 7, "e"}});
  for (std::size_t size = 0; size <= text.size(); ++size) {
    const std::string added = text.substr(0, size) + '\0' + delivered_gone("none");
    for (const ManifestEntry& entry : parse_delivered(added).manifest.entries) {
      const bool known = entry == kFile || entry == kLink || entry == kFolder ||
                         entry.path == "zz/name" || entry.path == "x y";
      EXPECT_TRUE(known) << size << " " << entry.path;
    }
  }
}

TEST(Delivered, AnotherFormatIsNotKnown) {
  for (const std::string& text :
       {std::string(), std::string("rayctl-mount 2"), std::string("rayctl-mount 1\0junk", 19),
        std::string("rayctl-mount 3\n\0f 644 1 a b\n\0", 29)}) {
    EXPECT_FALSE(parse_delivered(text).readable);
    EXPECT_TRUE(parse_delivered(text).manifest.entries.empty());
  }
}

}  // namespace
}  // namespace rayctl
