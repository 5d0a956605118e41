#include "config/reader.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>

#include "tests/config/support.h"
#include "tests/support/tree/source_dir.h"

namespace rayctl {
namespace {

/// The first finding of a text, or "" if there is none.
std::string first_finding(const std::string& text) {
  Findings findings;
  read_yaml(text, "f", findings);
  std::vector<Diagnostic> found = findings.sorted();
  if (found.empty()) return "";
  const Source& where = *found[0].where;
  return std::to_string(where.line) + ":" + std::to_string(where.column) + ": " + found[0].summary;
}

std::string repeated(const std::string& part, int times) {
  std::string text;
  for (int i = 0; i < times; ++i)
    text += part;
  return text;
}

TEST(Reader, RefusesWhatIsTooDeep) {
  std::string stairs;
  for (int i = 0; i < 200; ++i)
    stairs += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  for (const std::string& text :
       {repeated("[", 100'000), repeated("{a: ", 100'000), repeated("- ", 100'000) + "a",
        repeated("? ", 100'000) + "a", stairs, repeated("[", 101) + repeated("]", 101)}) {
    std::string found = first_finding(text);
    EXPECT_NE(found.find("lists and maps are nested more than 100 deep"), std::string::npos)
        << found;
  }
  EXPECT_EQ(first_finding(stairs), "101:101: lists and maps are nested more than 100 deep");
  EXPECT_EQ(first_finding(repeated("[", 100) + repeated("]", 100)), "");
}

TEST(Reader, RefusesAliasBombs) {
  std::string bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n";
  for (char c = 'b'; c < 'k'; ++c) {
    std::string before = "*" + std::string(1, static_cast<char>(c - 1));
    bomb += std::string(1, c) + ": &" + std::string(1, c) + " [" + before +
            repeated(", " + before, 9) + "]\n";
  }
  EXPECT_EQ(first_finding(bomb),
            "5:32: the file holds more than 100,000 values once aliases are expanded");
  EXPECT_EQ(first_finding("a: &a [1, *a]\n"),
            "1:11: an alias stands inside the very thing that it names");
  EXPECT_EQ(first_finding("a: *b\n"), "1:4: this alias (*name) names no anchor (&name)");
}

TEST(Reader, RefusesWhatIsTooMuch) {
  EXPECT_EQ(first_finding(std::string(kMostBytes + 1, '#')), "1:1: the file is larger than 50 MB");
  EXPECT_EQ(first_finding(repeated("- 1\n", 100'000)),
            "100000:3: the file holds more than 100,000 values once aliases are expanded");
  EXPECT_EQ(first_finding("a: [" + repeated("1, ", 20'000) + "]"),
            "1:1: this line has more than 10,000 commas");
}

TEST(Reader, RefusesWhatIsNoText) {
  EXPECT_EQ(first_finding("a: \xff\n"), "1:4: the file is not UTF-8 from here on");
  EXPECT_EQ(first_finding("a: b\nc: \xed\xa0\x80\n"), "2:4: the file is not UTF-8 from here on");
  EXPECT_EQ(first_finding(std::string("a: b\0c", 6)), "1:5: a control character stands here");
  EXPECT_EQ(first_finding("\xff\xfe"
                          "a"),
            "1:1: the file is not UTF-8 from here on");
}

TEST(Reader, TakesWhatIsOdd) {
  Findings findings;
  auto yaml = read_yaml(
      "\xEF\xBB\xBF"
      "a: \xC3\xBC\r\nb: [1,\r\n  2]\r\n? c\r\n: d\r\n1: x\r\nyes: y\r\n~: z\r\n",
      "f", findings);
  ASSERT_TRUE(yaml);
  EXPECT_TRUE(findings.sorted().empty());
  EXPECT_EQ(
      to_json(*yaml),
      Json::parse(R"({"a": "ü", "b": [1, 2], "c": "d", "1": "x", "true": "y", "null": "z"})"));
}

TEST(Reader, MergesAsPyYamlDoes) {
  Findings findings;
  auto yaml = read_yaml(
      "base: &base {a: 1, b: 1}\nmore: &more {b: 2, c: 2}\n"
      "one: {<<: *base, b: 9}\ntwo: {<<: [*base, *more], d: 3}\ntext: {'<<': x}\n",
      "f", findings);
  ASSERT_TRUE(yaml);
  Json json = to_json(*yaml);
  EXPECT_EQ(json["one"], Json({{"a", 1}, {"b", 9}}));
  EXPECT_EQ(json["two"], Json({{"a", 1}, {"b", 1}, {"c", 2}, {"d", 3}}));
  EXPECT_EQ(json["text"], Json({{"<<", "x"}}));
  EXPECT_EQ(first_finding("a: {<<: 1}"), "1:5: `<<` merges maps, but this is the number 1");
}

TEST(Reader, PlacesSayWhereTheTextStands) {
  Findings findings;
  auto yaml = read_yaml("# comment\nkey:   &anchor \"two words\"  # more\nlist:\n  - !!str plain\n",
                        "f", findings);
  ASSERT_TRUE(yaml);
  EXPECT_EQ(yaml->entry("key")->where, (Source{"f", 2, 1, 3}));
  EXPECT_EQ(yaml->find("key")->where, (Source{"f", 2, 16, 11}));
  EXPECT_EQ(yaml->find("list")->items[0].where, (Source{"f", 4, 11, 5}));
}

/// Every example with bytes flipped, cut or doubled: an answer, always, and soon.
TEST(Reader, SurvivesMutations) {
  namespace fs = std::filesystem;
  std::vector<std::string> seeds;
  for (const auto& entry : fs::recursive_directory_iterator(source_dir() + "/fixtures/config")) {
    if (entry.path().extension() == ".yaml") seeds.push_back(bytes_of(entry.path()));
  }
  ASSERT_GT(seeds.size(), 10U);
  const std::string spice = "[]{}:,-?&*!|>'\"%@` \t\n\r#<=~0\x01\xff\xc3";
  std::uint64_t state = 88172645463325252U;
  auto random = [&](std::size_t below) {
    state ^= state << 13U;
    state ^= state >> 7U;
    state ^= state << 17U;
    return below == 0 ? 0 : static_cast<std::size_t>(state % below);
  };
  auto until = std::chrono::steady_clock::now() + std::chrono::seconds(3);
  int tried = 0;
  for (; tried < 6000 && std::chrono::steady_clock::now() < until; ++tried) {
    std::string text = seeds[random(seeds.size())];
    for (std::size_t edits = 1 + random(4); edits > 0 && !text.empty(); --edits) {
      std::size_t at = random(text.size());
      switch (random(4)) {
        case 0:
          text[at] = spice[random(spice.size())];
          break;
        case 1:
          text.insert(at, 1, spice[random(spice.size())]);
          break;
        case 2:
          text.resize(at);
          break;
        default:
          text.insert(at, text.substr(random(text.size()), random(40)));
      }
    }
    Parsed parsed = parse(text);
    ASSERT_TRUE(parsed.config || has_errors(parsed.diagnostics)) << text;
    for (const Diagnostic& each : parsed.diagnostics) {
      ASSERT_TRUE(each.where && each.where->line >= 1 && each.where->column >= 1 &&
                  each.where->length >= 1)
          << text;
      ASSERT_FALSE(each.summary.empty());
    }
  }
  std::printf("%d mutations\n", tried);
  EXPECT_GT(tried, 200);
}

}  // namespace
}  // namespace rayctl
