#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <thread>

#include "base/files.h"
#include "base/text.h"
#include "tests/contract/command_runner_contract.h"
#include "transport/detached_op.h"

namespace rayctl {
namespace {

using State = OpStatus::State;

Command sh(const std::string& script) {
  return {{"sh", "-c", script}, {}, ""};
}

TEST_P(DetachedOpContract, RunsOnceAndTellsHowItEnded) {
  const OpToken token{"t1"};
  EXPECT_EQ(op_status(runner, token, soon())->state, State::kAbsent);
  const Command command = sh("echo run >>count; echo hello; echo oops >&2");
  ASSERT_TRUE(start_op(runner, token, command, soon()));
  std::string seen;
  const auto ended = wait_op(runner, token, clock, soon(), {},
                             [&](std::string_view piece, bool) { seen += piece; });
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->state, State::kDone);
  EXPECT_EQ(ended->exit_code, 0);
  EXPECT_EQ(seen, "hello\noops\n");
  const auto again = start_op(runner, token, command, soon());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->state, State::kDone);
  EXPECT_EQ(*read_file(under_test.home / "count"), "run\n");
}

TEST_P(DetachedOpContract, StartingItWhileItRunsStartsNothing) {
  const OpToken token{"t2"};
  const Command command = sh("echo run >>count; sleep 0.7");
  const auto first = start_op(runner, token, command, soon());
  const auto second = start_op(runner, token, command, soon());
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->state, State::kRunning);
  EXPECT_EQ(first->pid, second->pid);
  EXPECT_EQ(wait_op(runner, token, clock, soon(), {})->state, State::kDone);
  EXPECT_EQ(*read_file(under_test.home / "count"), "run\n");
}

TEST_P(DetachedOpContract, ManyStartersMakeOne) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 12; ++i) {
    threads.emplace_back(
        [&] { EXPECT_TRUE(start_op(runner, {"t3"}, sh("echo run >>count; sleep 0.3"), soon())); });
  }
  for (std::thread& thread : threads)
    thread.join();
  ASSERT_TRUE(wait_op(runner, {"t3"}, clock, soon(), {}));
  EXPECT_EQ(*read_file(under_test.home / "count"), "run\n");
}

TEST_P(DetachedOpContract, AFailedOneIsStartedAnew) {
  const Command command = sh("echo run >>count; echo said; test $(wc -l <count) -ge 2 || exit 9");
  ASSERT_TRUE(start_op(runner, {"t4"}, command, soon()));
  auto ended = wait_op(runner, {"t4"}, clock, soon(), {});
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->state, State::kDone);
  EXPECT_EQ(ended->exit_code, 9);
  ASSERT_TRUE(start_op(runner, {"t4"}, command, soon()));
  ended = wait_op(runner, {"t4"}, clock, soon(), {});
  EXPECT_EQ(ended->exit_code, 0);
  EXPECT_EQ(*read_file(under_test.home / "count"), "run\nrun\n");
  EXPECT_EQ(*op_output(runner, {"t4"}, 1000, soon()), "said\n");
}

TEST_P(DetachedOpContract, AProgramThatIsNotThereIs127) {
  ASSERT_TRUE(start_op(runner, {"t5"}, {{"no-such-program-here"}, {}, ""}, soon()));
  const auto ended = wait_op(runner, {"t5"}, clock, soon(), {});
  EXPECT_EQ(ended->state, State::kDone);
  EXPECT_EQ(ended->exit_code, 127);
  EXPECT_NE(op_output(runner, {"t5"}, 1000, soon())->find("no-such-program-here"),
            std::string::npos);
}

TEST_P(DetachedOpContract, ShellWordsAreProgramsNotBuiltins) {
  ASSERT_TRUE(start_op(runner, {"t6"}, {{"look", "x"}, {}, ""}, soon()));
  EXPECT_EQ(wait_op(runner, {"t6"}, clock, soon(), {})->state, State::kDone);
}

TEST_P(DetachedOpContract, GetsArgumentsEnvironmentAndInputAndLeavesNoSecret) {
  Command command{{"sh", "-c", "printf '%s|%s|' \"$1\" \"$WORD\"; cat", "x", "$(boom) 'a'\nb"},
                  {{"WORD", "canary-env"}},
                  "canary-input"};
  ASSERT_TRUE(start_op(runner, {"t7"}, command, soon()));
  ASSERT_EQ(wait_op(runner, {"t7"}, clock, soon(), {})->exit_code, 0);
  EXPECT_EQ(*op_output(runner, {"t7"}, 1000, soon()), "$(boom) 'a'\nb|canary-env|canary-input");
  for (const auto& entry :
       std::filesystem::directory_iterator(under_test.home / ".rayctl/ops/t7")) {
    struct stat info {};
    ASSERT_EQ(::stat(entry.path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U) << entry.path();
    if (entry.path().filename() == "out") continue;
    EXPECT_EQ(read_file(entry.path())->find("canary"), std::string::npos) << entry.path();
  }
}

TEST_P(DetachedOpContract, TheCommandHasTheNodesOwnUmask) {
  ASSERT_TRUE(start_op(runner, {"t8"}, sh("umask"), soon()));
  ASSERT_TRUE(wait_op(runner, {"t8"}, clock, soon(), {}));
  EXPECT_EQ(*op_output(runner, {"t8"}, 100, soon()), runner.run(sh("umask"), soon())->out);
}

TEST_P(DetachedOpContract, SaysWhetherWhatItStartedLivesOn) {
  ASSERT_TRUE(start_op(runner, {"daemon"}, sh("sleep 30 >/dev/null & echo $! >daemon"), soon()));
  auto ended = wait_op(runner, {"daemon"}, clock, soon(), {});
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->state, State::kDone);
  EXPECT_TRUE(ended->leaves);
  EXPECT_EQ(start_op(runner, {"daemon"}, sh("exit 1"), soon())->state, State::kDone);
  ASSERT_TRUE(stop_op(runner, {"daemon"}, Millis{5'000}, clock, soon()));
  ended = op_status(runner, {"daemon"}, soon());
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->state, State::kDone);
  EXPECT_FALSE(ended->leaves);
}

TEST_P(DetachedOpContract, WaitingEndsAtTheDeadlineOrWhenTold) {
  ASSERT_TRUE(start_op(runner, {"t9"}, sh("sleep 30"), soon()));
  const auto waited = wait_op(runner, {"t9"}, clock, clock.now() + Millis{200}, {});
  ASSERT_TRUE(waited);
  EXPECT_EQ(waited->state, State::kRunning);
  std::stop_source source;
  source.request_stop();
  EXPECT_EQ(wait_op(runner, {"t9"}, clock, soon(), source.get_token())->state, State::kRunning);
  ASSERT_TRUE(stop_op(runner, {"t9"}, Millis{5000}, clock, soon()));
  const auto after = op_status(runner, {"t9"}, soon());
  EXPECT_EQ(after->state, State::kDone);
  EXPECT_EQ(after->exit_code, 143);
}

TEST_P(DetachedOpContract, StoppingSparesNobodyOfTheGroup) {
  ASSERT_TRUE(start_op(runner, {"t10"},
                       sh("trap '' TERM; sleep 61 & echo $! >other; sleep 61; sleep 61"), soon()));
  while (!std::filesystem::exists(under_test.home / "other"))
    clock.sleep(Millis{10}, {});
  ASSERT_TRUE(stop_op(runner, {"t10"}, Millis{300}, clock, soon()));
  EXPECT_FALSE(runs(trim(*read_file(under_test.home / "other"))));
  EXPECT_EQ(op_status(runner, {"t10"}, soon())->state, State::kDead);
  EXPECT_TRUE(stop_op(runner, {"t10"}, Millis{300}, clock, soon()));
  EXPECT_TRUE(stop_op(runner, {"never-started"}, Millis{300}, clock, soon()));
}

TEST_P(DetachedOpContract, StoppingTellsTheProgramFirst) {
  // The child must live until the program has ended in order; then it is told as well.
  const Command command =
      sh("sh -c 'trap \"cat /proc/uptime >>child; exit 0\" TERM; while :; do sleep 0.05; done' & "
         "trap 'sleep 0.5; cat /proc/uptime >program; exit 7' TERM; echo >ready; "
         "while :; do sleep 0.05; done");
  ASSERT_TRUE(start_op(runner, {"t13"}, command, soon()));
  while (!std::filesystem::exists(under_test.home / "ready"))
    clock.sleep(Millis{10}, {});
  ASSERT_TRUE(stop_op(runner, {"t13"}, Millis{8000}, clock, soon()));
  EXPECT_EQ(op_status(runner, {"t13"}, soon())->exit_code, 7);
  EXPECT_LT(std::stod(*read_file(under_test.home / "program")),
            std::stod(*read_file(under_test.home / "child")));
}

TEST_P(DetachedOpContract, ALostLeaderIsDeadOnlyOnceItsGroupIs) {
  const Command command = sh("echo run >>count; sleep 60; true");
  const auto started = start_op(runner, {"t11"}, command, soon());
  ASSERT_TRUE(started);
  while (!std::filesystem::exists(under_test.home / "count"))
    clock.sleep(Millis{10}, {});
  const std::string leader = std::to_string(started->pid);
  ASSERT_EQ(runner.run({{"kill", "-KILL", leader}, {}, ""}, soon())->exit_code, 0);
  EXPECT_EQ(op_status(runner, {"t11"}, soon())->state, State::kRunning);
  EXPECT_EQ(start_op(runner, {"t11"}, command, soon())->state, State::kRunning);
  ASSERT_EQ(
      runner.run({{"sh", "-c", "kill -KILL -\"$1\"", "x", leader}, {}, ""}, soon())->exit_code, 0);
  // What is killed is there until the kernel gets to it.
  const Time patience = soon();
  while (op_status(runner, {"t11"}, soon())->state == State::kRunning && clock.now() < patience)
    clock.sleep(Millis{10}, {});
  EXPECT_EQ(op_status(runner, {"t11"}, soon())->state, State::kDead);
  EXPECT_EQ(start_op(runner, {"t11"}, command, soon())->state, State::kRunning);
  while (*read_file(under_test.home / "count") != "run\nrun\n" && clock.now() < patience)
    clock.sleep(Millis{10}, {});
  EXPECT_EQ(*read_file(under_test.home / "count"), "run\nrun\n");
  EXPECT_TRUE(stop_op(runner, {"t11"}, Millis{2000}, clock, soon()));
}

TEST_P(DetachedOpContract, ANumberInUseAgainOrAnotherBootIsNotIt) {
  ASSERT_TRUE(start_op(runner, {"t12"}, sh("sleep 60"), soon()));
  const auto folder = under_test.home / ".rayctl/ops/t12";
  const std::string start = *read_file(folder / "start_time"),
                    boot = *read_file(folder / "boot_id");
  ASSERT_TRUE(write_file_atomic(folder / "start_time", "17\n"));
  EXPECT_EQ(op_status(runner, {"t12"}, soon())->state, State::kDead);
  ASSERT_TRUE(stop_op(runner, {"t12"}, Millis{100}, clock, soon()));
  ASSERT_TRUE(write_file_atomic(folder / "start_time", start));
  ASSERT_TRUE(write_file_atomic(folder / "boot_id", "another\n"));
  EXPECT_EQ(op_status(runner, {"t12"}, soon())->state, State::kDead);
  ASSERT_TRUE(stop_op(runner, {"t12"}, Millis{100}, clock, soon()));
  ASSERT_TRUE(write_file_atomic(folder / "boot_id", boot));
  EXPECT_EQ(op_status(runner, {"t12"}, soon())->state, State::kRunning)
      << "was signalled as a stranger";
  EXPECT_TRUE(stop_op(runner, {"t12"}, Millis{2000}, clock, soon()));
}

// Programs of the same name, first on the PATH, end the script that calls them: with kill -9, at
// the call whose number the test picks. So a start is cut at each of its outside calls.
TEST_P(DetachedOpContract, AStartKilledAtAnyCallIsDoneByTheNext) {
  const auto tools = under_test.home / "tools";
  std::filesystem::create_directories(tools);
  for (const char* name : {"mkdir", "flock", "rm", "cat", "setsid", "mv"}) {
    const auto tool = tools / name;
    const std::string real = trim(runner.run(sh(std::string("command -v ") + name), soon())->out);
    // Starter and started call at the same time: each call makes the file of its number.
    std::ofstream(tool)
        << "#!/bin/sh\n"
           "n=1; set -C\n"
           "until { echo \"$1\" >\"$CALLS.$n\"; } 2>/dev/null; do n=$((n + 1)); done\n"
           "[ \"$n\" -ne \"$DIE_AT\" ] || kill -KILL $PPID $$\n"
           "exec "
        << real << " \"$@\"\n";
    std::filesystem::permissions(tool, std::filesystem::perms::owner_all);
  }
  const std::string path = trim(runner.run(sh("echo \"$PATH\""), soon())->out);
  const auto start_and_wait = [&](int die_at, const OpToken& token) {
    const std::string calls =
        under_test.home / ("calls-" + token.text + (die_at == 0 ? "" : "-cut"));
    const Command command{
        {"sh", "-c", "read -r word; printf %s \"$word\"; echo run >>count-" + token.text},
        {{"PATH", tools.string() + ":" + path},
         {"CALLS", calls},
         {"DIE_AT", std::to_string(die_at)}},
        "fed"};
    static_cast<void>(start_op(runner, token, command, soon()));
    EXPECT_TRUE(wait_op(runner, token, clock, soon(), {}));
    int made = 0;
    while (std::filesystem::exists(calls + "." + std::to_string(made + 1)))
      ++made;
    return made;
  };
  const int calls = start_and_wait(0, {"whole"});
  ASSERT_GE(calls, 10);
  for (int at = 1; at <= calls; ++at) {
    const OpToken token{"cut-" + std::to_string(at)};
    start_and_wait(at, token);
    const Result<std::string> cut =
        read_file(under_test.home / ("calls-" + token.text + "-cut." + std::to_string(at)));
    ASSERT_TRUE(cut) << at;
    start_and_wait(0, token);
    const auto ended = op_status(runner, token, soon());
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->state, State::kDone) << at;
    EXPECT_EQ(ended->exit_code, 0) << at;
    EXPECT_EQ(*op_output(runner, token, 100, soon()), "fed") << at;
    // Only a cut between the command's end and its record makes it run twice. (The starter's calls
    // and those of what it started come in no certain order.)
    const bool unrecorded = trim(*cut).ends_with("/exit_code.new");
    EXPECT_EQ(*read_file(under_test.home / ("count-" + token.text)),
              unrecorded ? "run\nrun\n" : "run\n")
        << at << ", cut at " << *cut;
  }
  std::cout << "cut at " << calls << " calls\n";
}

}  // namespace
}  // namespace rayctl
