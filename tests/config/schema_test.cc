#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <set>

#include "config/config.h"
#include "config/keys.h"
#include "tests/config/support.h"
#include "tests/support/tree/source_dir.h"

namespace rayctl {
namespace {

namespace fs = std::filesystem;

/// Asks the reference validator of the virtual environment about every YAML below `folder`; a line
/// "path ok" or "path bad" each.
std::map<std::string, bool> judged(const std::string& folder) {
  const char* python = std::getenv("RAYCTL_PYTHON");
  EXPECT_NE(python, nullptr) << "RAYCTL_PYTHON is not set. Run through ./dev";
  std::string base =
      (fs::temp_directory_path() / ("rayctl-schema-" + std::to_string(::getpid()))).string();
  write_bytes(base + ".json", config_schema().dump());
  write_bytes(
      base + ".py",
      "import sys, json, pathlib, yaml, jsonschema\n"
      "schema = json.load(open(sys.argv[1]))\n"
      "jsonschema.Draft7Validator.check_schema(schema)\n"
      "validator = jsonschema.Draft7Validator(schema)\n"
      "for path in sorted(pathlib.Path(sys.argv[2]).rglob('*.yaml')):\n"
      "    try: value = yaml.safe_load(path.read_text())\n"
      "    except Exception: continue\n"
      "    errors = [e.message for e in validator.iter_errors(value)]\n"
      "    print(path, 'bad ' + errors[0][:200].replace(chr(10), ' ') if errors else 'ok')\n");
  std::string out = output_of(std::string(python ? python : "false") + " " + base + ".py " + base +
                              ".json " + folder);
  fs::remove(base + ".json");
  fs::remove(base + ".py");
  std::map<std::string, bool> answers;
  std::istringstream lines(out);
  for (std::string line; std::getline(lines, line);) {
    std::size_t space = line.find(' ');
    answers[line.substr(0, space)] = line.substr(space + 1) == "ok";
    if (folder.ends_with("good")) {
      EXPECT_TRUE(line.ends_with(" ok")) << line;
    }
  }
  return answers;
}

TEST(Schema, TakesEveryGoodFile) {
  auto answers = judged(source_dir() + "/fixtures/config/good");
  EXPECT_GE(answers.size(), 13U);
}

TEST(Schema, RefusesWhatAnEditorShouldUnderline) {
  std::string bad = source_dir() + "/fixtures/config/bad";
  auto answers = judged(bad);
  for (const char* name : {"many-mistakes", "aws-fields", "gcp-fields", "kubernetes-fields",
                           "azure-fields", "local-types", "wrong-types", "no-provider",
                           "no-provider-type", "provider-typo", "older-fields", "null-items"}) {
    auto answer = answers.find(bad + "/" + name + "/cluster.yaml");
    ASSERT_NE(answer, answers.end()) << name;
    EXPECT_FALSE(answer->second) << name;
  }
}

std::set<std::string> names(const Record& record) {
  std::vector<std::string> all = record.names();
  return {all.begin(), all.end()};
}

std::set<std::string> properties(const Json& schema) {
  std::set<std::string> all;
  for (const auto& [key, value] : schema["properties"].items())
    all.insert(key);
  return all;
}

TEST(Schema, HasTheKeysOfTheValidator) {
  Json schema = config_schema();
  EXPECT_EQ(properties(schema), names(*top_record()));
  EXPECT_EQ(properties(schema["properties"]["docker"]), names(*docker_record()));
  EXPECT_EQ(properties(schema["properties"]["auth"]), names(*auth_record()));
  EXPECT_EQ(properties(schema["properties"]["rayctl"]), names(*rayctl_record()));
  EXPECT_EQ(properties(schema["properties"]["available_node_types"]["additionalProperties"]),
            names(*node_type_record()));
  for (const ProviderKeys& keys : provider_keys()) {
    std::set<std::string> expected = names(*keys.provider());
    expected.insert({"type", "rayctl"});
    EXPECT_EQ(properties(schema["definitions"]["provider." + keys.type]), expected) << keys.type;
    EXPECT_EQ(properties(schema["definitions"]["node_config." + keys.type]),
              names(*keys.node_config()))
        << keys.type;
    EXPECT_EQ(schema["definitions"]["node_config." + keys.type]["additionalProperties"],
              keys.node_config()->open);
  }
}

/// docs/config.md lists every key of every table.
TEST(Schema, TheManualNamesEveryKey) {
  std::string manual = bytes_of(source_dir() + "/docs/config.md");
  auto expect = [&](const Record& record) {
    for (const std::string& name : record.names()) {
      EXPECT_NE(manual.find("`" + name + "`"), std::string::npos)
          << name << " is not in docs/config.md";
    }
  };
  expect(*top_record());
  expect(*auth_record());
  expect(*docker_record());
  expect(*node_type_record());
  expect(*rayctl_record());
  expect(*ssh_record());
  expect(*host_record());
  for (const ProviderKeys& keys : provider_keys()) {
    EXPECT_NE(manual.find("`" + keys.type + "`"), std::string::npos) << keys.type;
    expect(*keys.provider());
    expect(*keys.node_config());
  }
}

}  // namespace
}  // namespace rayctl
