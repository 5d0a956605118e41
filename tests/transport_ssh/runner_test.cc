#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <latch>
#include <thread>

#include "base/digest.h"
#include "base/files.h"
#include "base/text.h"
#include "tests/transport_ssh/lab.h"

namespace rayctl {
namespace {

std::filesystem::path home() {
  return lab::folder() / "n1/home/ubuntu";
}

std::string noise(std::size_t size) {
  std::string bytes(size, '\0');
  std::uint32_t state = 12345;
  for (char& byte : bytes) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<char>(state >> 24U);
  }
  return bytes;
}

// Runs `count` commands at once over one connection; how many went well.
int at_once(Remote& remote, int count) {
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      const std::string text = "input of " + std::to_string(i);
      Command command = sh("sleep 0.2; cat; echo \"$NUMBER\" >&2; exit " + std::to_string(i));
      command.env["NUMBER"] = std::to_string(i);
      command.input = text;
      const auto ran = remote.runner.run(command, soon(60));
      const bool right =
          ran && ran->out == text && ran->err == std::to_string(i) + "\n" && ran->exit_code == i;
      if (right) ++good;
      EXPECT_TRUE(ran) << ran.error().message;
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  return good;
}

std::string logins(const std::string& node) {
  return trim(lab::shell("grep -c 'Accepted publickey' " +
                         (lab::folder() / node / "sshd.log").string() + " || true"));
}

TEST(RunnerTest, FiftyAtOnceThroughAServerThatAllowsTen) {
  Remote remote(lab::settings("n1"));
  const int before = std::stoi(logins("n1"));
  EXPECT_EQ(at_once(remote, 50), 50);
  EXPECT_EQ(std::stoi(logins("n1")), before + 1) << "one connection";
}

TEST(RunnerTest, FiftyAtOnceTogetherWhereTheServerAllows) {
  lab::configure("n1", "MaxSessions 100");
  Remote remote(lab::settings("n1"));
  const Time before = SystemClock().now();
  EXPECT_EQ(at_once(remote, 50), 50);
  EXPECT_LT(SystemClock().now() - before, Millis{9000}) << "0.2 s each, one by one";
  lab::configure("n1", "");
}

TEST(RunnerTest, FiftyMegabytesOfOutputArriveWhole) {
  Remote remote(lab::settings("n1"));
  Sha256 digest;
  std::size_t size = 0;
  const auto ran = remote.runner.run(sh("seq 1 20000000 | head -c 50000000 | tee big | cat"),
                                     soon(60), [&](std::string_view piece, bool) {
                                       digest.add(piece);
                                       size += piece.size();
                                     });
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_EQ(size, 50'000'000U);
  EXPECT_EQ(digest.finish(), split(lab::shell("sha256sum " + (home() / "big").string()), ' ')[0]);
}

TEST(RunnerTest, FiftyMegabytesOfInputArriveWhole) {
  Remote remote(lab::settings("n1"));
  const std::string bytes = noise(50'000'000);
  const auto ran = remote.runner.run({{"sha256sum"}, {}, bytes}, soon(60));
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_EQ(ran->out, sha256_hex(bytes) + "  -\n");
}

TEST(RunnerTest, NewKeysMidwayDoNoHarm) {
  lab::configure("n1", "RekeyLimit 1M\nMaxSessions 100");
  Remote remote(lab::settings("n1"));
  const std::string bytes = noise(15'000'000);
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      std::string back;
      const auto ran = remote.runner.run({{"cat"}, {}, bytes}, soon(90),
                                         [&](std::string_view piece, bool) { back += piece; });
      EXPECT_TRUE(ran) << ran.error().message;
      if (back == bytes) ++good;
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(good, 4);
  lab::configure("n1", "");
}

TEST(RunnerTest, ASlowReaderHoldsUpNobodyElse) {
  Remote remote(lab::settings("n1"));
  std::latch reading(1), others_are_done(1);
  std::thread slow([&] {
    std::size_t size = 0;
    const auto ran = remote.runner.run(sh("head -c 20000000 /dev/zero"), soon(60),
                                       [&](std::string_view piece, bool) {
                                         if (size == 0) {
                                           reading.count_down();
                                           others_are_done.wait();
                                         }
                                         size += piece.size();
                                       });
    EXPECT_TRUE(ran);
    EXPECT_EQ(size, 20'000'000U);
  });
  reading.wait();
  EXPECT_TRUE(remote.runner.run(sh("true"), soon(30)));
  others_are_done.count_down();
  slow.join();
}

TEST(RunnerTest, ExitCodesAndSignals) {
  Remote remote(lab::settings("n1"));
  for (const int code : {0, 1, 42, 126, 255}) {
    EXPECT_EQ(remote.runner.run(sh("exit " + std::to_string(code)), soon())->exit_code, code);
  }
  EXPECT_EQ(remote.runner.run(sh("kill -TERM $$"), soon())->exit_code, 143);
  EXPECT_EQ(remote.runner.run(sh("kill -SEGV $$"), soon())->exit_code, 139);
  // The shells around it are killed as well: the server's own report counts.
  EXPECT_EQ(remote.runner.run(sh("kill -KILL 0"), soon())->exit_code, 137);
  const auto quiet = remote.runner.run(sh("kill -KILL $$"), soon());
  EXPECT_EQ(quiet->err, "");
}

TEST(RunnerTest, AHangingCommandEndsAtTheDeadlineAndTheConnectionGoesOn) {
  Remote remote(lab::settings("n1"));
  ASSERT_TRUE(remote.connection->connect(soon()));
  const Time before = SystemClock().now();
  const auto ran = remote.runner.run(sh("trap '' TERM HUP; echo $$ >hanging; cat; sleep 60"),
                                     before + Millis{800});
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().fault, Fault::kUnknown);
  EXPECT_LT(SystemClock().now() - before, Millis{4000});
  const auto left = remote.runner.run(
      sh("kill -0 $(cat hanging) 2>/dev/null && echo lives || echo gone"), soon());
  EXPECT_EQ(left->out, "gone\n");
}

TEST(RunnerTest, ADeadlineThatPassesInTheQueueStartedNothing) {
  lab::configure("n1", "MaxSessions 1");
  Remote remote(lab::settings("n1"));
  std::thread holder([&] { EXPECT_TRUE(remote.runner.run(sh("sleep 2"), soon())); });
  SystemClock().sleep(Millis{500}, {});
  const auto late = remote.runner.run(sh("touch late"), SystemClock().now() + Millis{400});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().fault, Fault::kTransient);
  holder.join();
  EXPECT_TRUE(remote.runner.run(sh("true"), soon()));
  EXPECT_FALSE(std::filesystem::exists(home() / "late"));
  lab::configure("n1", "");
}

TEST(RunnerTest, FilesAreByteExactWithTheirModeUnderOddNames) {
  Remote remote(lab::settings("n1"));
  const auto here = lab::folder() / "client/here";
  const std::string bytes = noise(5'000'000);
  std::ofstream(here, std::ios::binary) << bytes;
  for (const std::string name :
       {"plain", "with space", "quo'te\"s", "new\nline", "-dash", "$(touch hit)`touch hit`;*",
        "\u00fcnic\u00f6de", "back\\slash\\", "\x01\xff"}) {
    const std::string to = "~/odd/" + name + "/" + name;
    const auto sent = remote.runner.upload(here, to, 0640, soon());
    ASSERT_TRUE(sent) << name << ": " << sent.error().message;
    EXPECT_EQ(*read_file(home() / "odd" / name / name), bytes) << name;
    struct stat info {};
    ASSERT_EQ(::stat((home() / "odd" / name / name).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777U, 0640U);
    const auto back = here.string() + ".back";
    ASSERT_TRUE(remote.runner.download(to, back, soon())) << name;
    EXPECT_EQ(*read_file(back), bytes) << name;
  }
  EXPECT_FALSE(std::filesystem::exists(home() / "hit"));
}

TEST(RunnerTest, AFileIsWholeOrNotThere) {
  Remote remote(lab::settings("n1"));
  ASSERT_TRUE(remote.runner.put("old", "~/whole/file", 0600, soon()));
  // A small disk that fills up midway.
  ASSERT_TRUE(remote.runner.run(sh("mount -t tmpfs -o size=64k full ~/whole"), soon()));
  ASSERT_TRUE(remote.runner.put("old", "~/whole/file", 0600, soon()));
  const auto full = remote.runner.put(noise(300'000), "~/whole/file", 0600, soon());
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, ErrorCode::kFilesFailed);
  EXPECT_NE(full.error().message.find("No space left"), std::string::npos) << full.error().message;
  EXPECT_EQ(remote.runner.run(sh("cat ~/whole/file; ls -A ~/whole"), soon())->out, "oldfile\n");
  const auto folder = remote.runner.put("x", "~/whole", 0600, soon());
  ASSERT_FALSE(folder);
  EXPECT_NE(folder.error().message.find("is a folder"), std::string::npos);
  const auto missing = remote.runner.download("~/nothing", lab::folder() / "client/none", soon());
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("~/nothing"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(lab::folder() / "client/none"));
  remote.runner.run(sh("umount ~/whole"), soon()).ok();
}

TEST(RunnerTest, NoSecretShowsInAnyProcess) {
  Remote remote(lab::settings("n1"));
  Command command = sh("sleep 1; test ${#TOKEN} = 10 && cat >got");
  command.env["TOKEN"] = "canary-env";
  command.input = "canary-input";
  std::atomic<bool> done{false};
  int looks = 0;
  std::thread runner([&] {
    for (const bool login : {false, true}) {
      SshSettings settings = lab::settings("n1");
      settings.login_shell = login;
      const auto ran = Remote(settings).runner.run(command, soon());
      EXPECT_TRUE(ran && ran->exit_code == 0);
    }
    EXPECT_TRUE(remote.runner.put("canary-put", "~/got-put", 0600, soon()));
    done = true;
  });
  // All processes of the lab are below ours.
  while (!done) {
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      std::ifstream file(entry.path() / "cmdline");
      const std::string line((std::istreambuf_iterator<char>(file)), {});
      EXPECT_EQ(line.find("canary"), std::string::npos) << line;
    }
    ++looks;
    SystemClock().sleep(Millis{2}, {});
  }
  runner.join();
  EXPECT_GT(looks, 50);
  EXPECT_EQ(*read_file(home() / "got"), "canary-input");
}

TEST(RunnerTest, LongArgumentsTravelToo) {
  Remote remote(lab::settings("n1"));
  const std::string one(100'000, 'a');
  const auto ran =
      remote.runner.run({{"sh", "-c", "echo ${#1} ${#2} \"$WORD\"; cat", "x", one, one + "b"},
                         {{"WORD", "w"}},
                         "fed"},
                        soon());
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_EQ(ran->out, "100000 100001 w\nfed");
}

TEST(RunnerTest, AnUnprivilegedUserOfAPlainShell) {
  Remote remote(lab::settings("n1", "plain"));
  const auto ran = remote.runner.run({{"sh", "-c", "id -u; pwd; cat"}, {{"A", "b"}}, "in"}, soon());
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_EQ(ran->out, "20001\n/home/plain\nin");
  EXPECT_TRUE(remote.runner.put("x", "~/a/b", 0600, soon()));
  const auto refused = remote.runner.put("x", "/etc/rayctl-hit", 0600, soon());
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("Permission denied"), std::string::npos)
      << refused.error().message;
}

TEST(RunnerTest, ALoginShellReadsTheStartUpFilesAndKeepsTheirNoiseOut) {
  std::ofstream(home() / ".bashrc")
      << "case $- in *i*) export INTERACTIVE=yes; read -r swallowed ;; esac\n"
         "echo noise; echo noise >&2; set -eu; set -- x y; cd /\n"
         "export FROM_BASHRC=here OMP_NUM_THREADS=77\n";
  SshSettings settings = lab::settings("n1");
  settings.login_shell = true;
  Remote remote(settings);
  const auto ran = remote.runner.run(
      {{"sh", "-c", "echo \"$FROM_BASHRC $INTERACTIVE $OMP_NUM_THREADS $1 $WORD\"; pwd; cat", "sh",
        "one"},
       {{"WORD", "two"}},
       "three"},
      soon());
  std::filesystem::remove(home() / ".bashrc");
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_EQ(ran->out, "here yes 1 one two\n/home/ubuntu\nthree");
  EXPECT_EQ(ran->err, "");
  // The command's signals are not those of an interactive shell.
  const auto plain =
      Remote(lab::settings("n1")).runner.run(sh("grep SigIgn /proc/$$/status"), soon());
  EXPECT_EQ(remote.runner.run(sh("grep SigIgn /proc/$$/status"), soon())->out, plain->out);
}

}  // namespace
}  // namespace rayctl
