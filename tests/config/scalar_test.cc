#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "config/reader.h"
#include "config/yaml_scalar.h"
#include "tests/config/support.h"

namespace rayctl {
namespace {

TEST(Scalar, ReadsAsPyYamlDoes) {
  const std::vector<std::pair<std::string, Json>> table = {
      {"yes", true},
      {"No", false},
      {"ON", true},
      {"off", false},
      {"True", true},
      {"FALSE", false},
      {"y", "y"},
      {"n", "n"},
      {"yEs", "yEs"},
      {"~", nullptr},
      {"null", nullptr},
      {"Null", nullptr},
      {"", nullptr},
      {"nULL", "nULL"},
      {"none", "none"},
      {"None", "None"},
      {"0", 0},
      {"-0", 0},
      {"7", 7},
      {"+7", 7},
      {"-7", -7},
      {"1_000", 1000},
      {"1__0_", 10},
      {"010", 8},
      {"-010", -8},
      {"08", "08"},
      {"0o7", "0o7"},
      {"0x1F", 31},
      {"-0xff", -255},
      {"0xG", "0xG"},
      {"0b101", 5},
      {"0b_", "0b_"},
      {"0x_", "0x_"},
      {"0_", 0},
      {"_1", "_1"},
      {"1:30", 90},
      {"22:22", 1342},
      {"8080:80", "8080:80"},
      {"1:2:3", 3723},
      {"-1:30", -90},
      {"0:30", "0:30"},
      {"1:60", "1:60"},
      {"1:5:", "1:5:"},
      {"9223372036854775807", std::int64_t{9223372036854775807}},
      {"18446744073709551615", std::uint64_t{18446744073709551615U}},
      {"-9223372036854775808", std::numeric_limits<std::int64_t>::min()},
      {"1.5", 1.5},
      {"-1.5", -1.5},
      {"+1.5", 1.5},
      {".5", 0.5},
      {"-.5", "-.5"},
      {"5.", 5.0},
      {"1_0.2_5", 10.25},
      {"1e3", "1e3"},
      {"1.0e3", "1.0e3"},
      {"1.0e+3", 1000.0},
      {"1.0E-3", 0.001},
      {".5e+1", 5.0},
      {"1e+3", "1e+3"},
      {"1:30.5", 90.5},
      {"1.2.3", "1.2.3"},
      {".", "."},
      {"..", ".."},
      {"-", "-"},
      {"+", "+"},
      {".inf", INFINITY},
      {"-.INF", -INFINITY},
      {"+.Inf", INFINITY},
      {"inf", "inf"},
      {"nan", "nan"},
      {"2020-01-02", "2020-01-02"},
      {"2020-01-02 03:04:05", "2020-01-02 03:04:05"},
      {"=", "="},
      {"us-west-2", "us-west-2"},
      {"1.2-3", "1.2-3"},
      {"1,000", "1,000"},
  };
  for (const auto& [text, value] : table) {
    Json read = yaml_scalar(text);
    EXPECT_EQ(read, value) << "`" << text << "`";
    EXPECT_EQ(
        read.type() == Json::value_t::number_unsigned ? Json::value_t::number_integer : read.type(),
        value.type() == Json::value_t::number_unsigned ? Json::value_t::number_integer
                                                       : value.type())
        << "`" << text << "`";
  }
  EXPECT_TRUE(std::isnan(yaml_scalar(".nan").get<double>()));
  EXPECT_EQ(yaml_scalar("99999999999999999999"), 1e20);
}

TEST(Scalar, QuotesAndTagsDecide) {
  Findings findings;
  auto yaml = read_yaml(
      "a: 'yes'\nb: \"1\"\nc: !!str 1\nd: !!int '7'\ne: !!float 3\nf: ! 12\ng: !!null x\nh: !!bool "
      "'on'\ni: |\n  1\n"
      "j: !!str\nk: !!str null\nl: !!str ~\n",
      "f", findings);
  ASSERT_TRUE(yaml) << findings.sorted().size();
  EXPECT_EQ(to_json(*yaml), Json({{"a", "yes"},
                                  {"b", "1"},
                                  {"c", "1"},
                                  {"d", 7},
                                  {"e", 3.0},
                                  {"f", "12"},
                                  {"g", nullptr},
                                  {"h", true},
                                  {"i", "1\n"},
                                  {"j", ""},
                                  {"k", "null"},
                                  {"l", "~"}}));
}

/// Every scalar of the first table, and many more, against PyYAML itself.
TEST(Scalar, AgreesWithPyYaml) {
  const char* python = std::getenv("RAYCTL_PYTHON");
  ASSERT_NE(python, nullptr) << "RAYCTL_PYTHON is not set. Run through ./dev";
  std::vector<std::string> words;
  const std::string alphabet = "01789_-+.:eExXobaf~";
  unsigned seed = 12345;
  for (int i = 0; i < 4000; ++i) {
    std::string word;
    seed = seed * 1103515245U + 12345U;
    for (unsigned left = 1 + (seed >> 16U) % 7; left > 0; --left) {
      seed = seed * 1103515245U + 12345U;
      word += alphabet[(seed >> 16U) % alphabet.size()];
    }
    words.push_back(word);
  }
  std::filesystem::path file =
      std::filesystem::temp_directory_path() / ("rayctl-words-" + std::to_string(::getpid()));
  {
    std::string text;
    for (const std::string& word : words)
      text += word + "\n";
    write_bytes(file, text);
  }
  std::string program =
      "import sys, yaml, json, math\n"
      "resolver = yaml.SafeLoader('').resolve\n"
      "for line in open(sys.argv[1]):\n"
      "    word = line[:-1]\n"
      "    node = yaml.ScalarNode(resolver(yaml.ScalarNode, word, (True, False)), word)\n"
      "    try: value = yaml.SafeLoader('').construct_object(node)\n"
      "    except Exception: value = word\n"
      "    if not isinstance(value, (int, float, bool, type(None))): value = word\n"
      "    if isinstance(value, float) and not math.isfinite(value): value = str(value)\n"
      "    if isinstance(value, int) and abs(value) > 2**63: value = float(value)\n"
      "    print(json.dumps(value))\n";
  write_bytes(file.string() + ".py", program);
  std::string out = output_of(std::string(python) + " " + file.string() + ".py " + file.string());
  std::filesystem::remove(file);
  std::filesystem::remove(file.string() + ".py");
  std::istringstream lines(out);
  std::string line;
  std::size_t compared = 0;
  for (const std::string& word : words) {
    ASSERT_TRUE(std::getline(lines, line))
        << "PyYAML answered " << compared << " of " << words.size();
    Json expected = Json::parse(line);
    Json read = yaml_scalar(word);
    if (read.is_number_float() && !std::isfinite(read.get<double>())) continue;
    EXPECT_EQ(read, expected) << "`" << word << "`";
    EXPECT_EQ(read.is_number_float(), expected.is_number_float()) << "`" << word << "`";
    ++compared;
  }
  EXPECT_GT(compared, 3900U);
}

}  // namespace
}  // namespace rayctl
