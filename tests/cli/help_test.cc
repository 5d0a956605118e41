#include "cli/help.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>

#include "cli/completion/completion.h"
#include "cli/man_page.h"

namespace rayctl {
namespace {

std::vector<std::string> verbs() {
  std::vector<std::string> names;
  for (const VerbEntry& entry : all_verbs())
    names.emplace_back(entry.name);
  return names;
}

class HelpOf : public testing::TestWithParam<std::string> {};

TEST_P(HelpOf, BeginsWithExamplesOfTheVerb) {
  const std::string text = help_markdown(GetParam());
  ASSERT_FALSE(text.empty()) << "no commands/<verb>.md";
  EXPECT_TRUE(text.starts_with("# rayctl " + GetParam() + " - ")) << text;
  EXPECT_FALSE(help_summary(GetParam()).empty());
  const std::size_t examples = text.find("\n\n## Examples\n\n    ");
  EXPECT_EQ(examples, text.find('\n')) << "examples come first";
  EXPECT_NE(text.find("    rayctl " + GetParam()), std::string::npos) << "no example";
}

TEST_P(HelpOf, DescribesEveryFlagAndNoOther) {
  std::set<std::string> taken, described;
  for (const VerbEntry& entry : all_verbs()) {
    if (entry.name != GetParam()) continue;
    const std::unique_ptr<Verb> verb = entry.make();
    Flags flags;
    verb->declare(flags);
    for (const Flags::Info& flag : flags.list()) {
      if (!flag.argument) taken.insert(flag.names.begin(), flag.names.end());
    }
  }
  for (const auto& [name, what] : help_flags(help_markdown(GetParam()))) {
    described.insert(name);
    EXPECT_FALSE(what.empty()) << name;
  }
  EXPECT_EQ(described, taken);
}

TEST_P(HelpOf, ReadsWellInATerminalAndAsAManualPage) {
  const std::string plain = help_plain(help_markdown(GetParam()));
  EXPECT_EQ(plain.find('#'), plain.find("# yaml-language-server")) << plain;
  std::size_t begin = 0;
  for (std::size_t end = plain.find('\n'); end != std::string::npos;
       end = plain.find('\n', begin)) {
    EXPECT_LE(end - begin, 125U) << plain.substr(begin, end - begin);
    begin = end + 1;
  }
  const std::string man = man_page(GetParam(), "1.2.3");
  EXPECT_TRUE(man.starts_with(".TH RAYCTL\\-") || man.starts_with(".TH RAYCTL-")) << man;
  EXPECT_NE(man.find(".SH NAME\n"), std::string::npos);
  EXPECT_NE(man.find(".SH EXAMPLES\n"), std::string::npos);
  EXPECT_EQ(man.find("\n.nf\n") == std::string::npos, man.find("\n.fi\n") == std::string::npos);
}

std::string test_name(const testing::TestParamInfo<std::string>& each) {
  std::string name = each.param;
  for (char& c : name) {
    if (c == '-' || c == ' ') c = '_';
  }
  return name;
}
INSTANTIATE_TEST_SUITE_P(Verbs, HelpOf, testing::ValuesIn(verbs()), test_name);

TEST(Help, EveryTextIsOfAVerb) {
  std::set<std::string> known{"rayctl", "common", "state", "access", "autoscaler", "provider"};
  for (std::string name : verbs()) {
    for (char& c : name) {
      if (c == ' ') c = '-';
    }
    known.insert(name);
  }
  for (const HelpText& text : help_texts()) {
    EXPECT_TRUE(known.contains(std::string(text.name))) << text.name << ".md is of no verb";
  }
}

TEST(Completion, ScriptsNameEveryVerbAndFlag) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const std::optional<std::string> script = completion_script(shell);
    ASSERT_TRUE(script);
    for (const char* word :
         {"apply", "get-worker-ips", "history", "restart-only", "detailed-exitcode"}) {
      EXPECT_NE(script->find(word), std::string::npos) << shell << ": " << word;
    }
    EXPECT_EQ(script->find("node-supervisor"), std::string::npos) << "hidden verbs stay hidden";
  }
  EXPECT_FALSE(completion_script("powershell"));
}

/// Runs bash with the completion script and the words typed so far; what it would offer.
std::string offered(const std::string& words, int at) {
  const auto folder = std::filesystem::temp_directory_path();
  const auto path = folder / ("rayctl-completion-" + std::to_string(getpid()) + ".sh");
  std::ofstream(path) << *completion_script("bash") << "\nCOMP_WORDS=(" << words
                      << ")\nCOMP_CWORD=" << at << "\n_rayctl\necho \"${COMPREPLY[@]}\"\n";
  std::string command = "cd / && bash " + path.string() + " 2>&1", output;
  FILE* pipe = popen(command.c_str(), "r");
  char buffer[4096];
  while (pipe != nullptr && std::fgets(buffer, sizeof buffer, pipe) != nullptr)
    output += buffer;
  if (pipe != nullptr) pclose(pipe);
  std::filesystem::remove(path);
  return output;
}

TEST(Completion, BashOffersVerbsSecondWordsAndFlags) {
  EXPECT_EQ(offered("rayctl pl", 1), "plan\n");
  EXPECT_EQ(offered("rayctl state h", 2), "history\n");
  EXPECT_EQ(offered("rayctl completion b", 2), "bash\n");
  EXPECT_EQ(offered("rayctl plan c.yaml --det", 3), "--detailed-exitcode\n");
  EXPECT_EQ(offered("rayctl state rm c.yaml --lock", 4), "--lock-timeout\n");
}

}  // namespace
}  // namespace rayctl
