#include "transport/shell_line.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/digest.h"
#include "base/text.h"
#include "transport/local_runner.h"

namespace rayctl {
namespace {

struct ShellLines : testing::Test {
  ShellLines() { std::filesystem::create_directories(home); }
  ~ShellLines() override { std::filesystem::remove_all(home); }

  CommandOutput run(ShellKind kind, const std::vector<std::string>& lines) {
    LocalRunner runner({.home = home.string(), .env = {{"PATH", "/usr/bin:/bin"}}});
    const Result<CommandOutput> ran =
        runner.run({.argv = shell_argv(kind, lines), .env = {{"WORD", "a b"}}, .input = "fed"},
                   SystemClock().now() + Millis{20'000});
    EXPECT_TRUE(ran) << (ran ? "" : ran.error().message);
    return ran ? *ran : CommandOutput{};
  }
  void start_up_file(const std::string& text) {
    std::ofstream(home / ".bashrc") << "echo noise; echo noise >&2\n" << text;
  }

  std::filesystem::path home = std::filesystem::temp_directory_path() / ("lines-" + random_hex(4));
};

constexpr ShellKind kAll[] = {ShellKind::kBash, ShellKind::kLogin, ShellKind::kPlain};

TEST_F(ShellLines, RunInOrderEachInAShellOfItsOwn) {
  for (const ShellKind kind : kAll) {
    const CommandOutput ran =
        run(kind, {"X=1; cd /; echo one \"$WORD\" # a comment", "echo \"two $X $PWD $#\"; cat"});
    EXPECT_EQ(ran.exit_code, 0);
    EXPECT_EQ(ran.out, "one a b\ntwo  " + home.string() + " 0\nfed");
    EXPECT_EQ(ran.err, "");
  }
}

TEST_F(ShellLines, EndWithTheFirstThatFails) {
  for (const ShellKind kind : kAll) {
    EXPECT_EQ(run(kind, {"echo a", "exit 3", "echo b"}).exit_code, 3);
    EXPECT_EQ(run(kind, {"echo a", "exit 3", "echo b"}).out, "a\n");
    EXPECT_EQ(run(kind, {"set -e; false; echo on", "echo b"}).out, "");
    EXPECT_EQ(run(kind, {"if true"}).exit_code == 0, false);
    EXPECT_EQ(run(kind, {"exit 4"}).exit_code, 4);
  }
}

TEST_F(ShellLines, LeaveNoVariableOfTheirOwnToPrograms) {
  for (const ShellKind kind : kAll)
    EXPECT_EQ(run(kind, {"env | grep -i rayctl_", "true"}).out, "");
}

TEST_F(ShellLines, InALoginShellKnowWhatTheStartUpFilesSay) {
  start_up_file(
      "case $- in *i*) ;; *) return ;; esac\n"
      "export PATH=/opt/x:$PATH\nconda() { echo \"conda $1\"; }\nalias hi='echo hello'\n"
      "shopt -s extglob\npick() { case $1 in @(a|b)) echo picked ;; esac; }\nset -u\n");
  const CommandOutput ran =
      run(ShellKind::kLogin, {"conda activate && hi", "pick b; echo ${PATH%%:*} $OMP_NUM_THREADS"});
  EXPECT_EQ(ran.out, "conda activate\nhello\npicked\n/opt/x 1\n");
  EXPECT_EQ(ran.err, "");
}

TEST_F(ShellLines, InALoginShellMayKnowMuch) {
  std::string text;
  for (int i = 0; i < 4000; ++i)
    text += "function f" + std::to_string(i) + "() { echo this is a function of some length; }\n";
  start_up_file(text);
  EXPECT_EQ(run(ShellKind::kLogin, {"f3999"}).out, "this is a function of some length\n");
}

TEST_F(ShellLines, HearSignalsAsProgramsDo) {
  for (const ShellKind kind : kAll) {
    const CommandOutput ran = run(kind, {"kill -TERM $$; sleep 5; echo on", "echo more"});
    EXPECT_EQ(ran.out, "") << static_cast<int>(kind);
  }
}

}  // namespace
}  // namespace rayctl
