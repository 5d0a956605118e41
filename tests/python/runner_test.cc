#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>
#include <vector>

#include "base/files.h"
#include "base/text.h"
#include "providers/python/bridge_runner.h"
#include "tests/python/class_place.h"

// A class's own command runner: what CommandRunner promises, as far as such runners go. What they
// cannot: outputs as they come, and streams that are read only as fast as they are taken.

namespace rayctl {
namespace {

class OwnRunner : public testing::Test {
 protected:
  OwnRunner() {
    NodeSpec spec;
    spec.type = {"cpu"};
    LaunchRequest request{{"one"}, {{"cpu-1"}}, &spec, {"t1"}, {}};
    const auto made = place_.client()->create(request, soon());
    EXPECT_TRUE(made) << made.error().message;
  }
  Time soon(int seconds = 20) const { return SystemClock().now() + Millis{seconds * 1000}; }
  static Command sh(const std::string& script) { return {.argv = {"sh", "-c", script}}; }

  ClassPlace place_{"simple.SimpleProvider", {{"own_runner", true}}};
  const std::filesystem::path home_ = place_.folder() / "homes" / "m-1";
  python::BridgeRunner runner_{place_.bridge(), {"one"}, {"m-1"}};
};

TEST_F(OwnRunner, GivesBothStreamsAndTheExitCode) {
  std::string seen;
  const auto ran = runner_.run(sh("echo out; echo err >&2; exit 3"), soon(),
                               [&](std::string_view piece, bool is_err) {
                                 seen += (is_err ? "E:" : "O:") + std::string(piece);
                               });
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_EQ(ran->exit_code, 3);
  EXPECT_EQ(ran->out, "out\n");
  EXPECT_EQ(ran->err, "err\n");
  EXPECT_EQ(seen, "O:out\nE:err\n");
  EXPECT_EQ(runner_.run(sh("kill -9 $$"), soon())->exit_code, 137);
  EXPECT_EQ(runner_.run({.argv = {"no-such-program-here"}}, soon())->exit_code, 127);
}

TEST_F(OwnRunner, ArgumentsEnvironmentAndInputArriveAsTheyAre) {
  const std::string nasty = "a 'b' $(touch ~/hit) \n\"c\" \\";
  const auto ran = runner_.run({.argv = {"printf", "%s", nasty}}, soon());
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_EQ(ran->out, nasty);
  Command command = sh("pwd; printf '%s' \"$SAID\"; wc -c");
  command.env = {{"SAID", nasty}};
  command.input = std::string(300'000, 'x');
  const auto with = runner_.run(command, soon());
  ASSERT_TRUE(with) << with.error().message;
  EXPECT_EQ(with->out, home_.string() + "\n" + nasty + "300000\n");
  EXPECT_FALSE(std::filesystem::exists(home_ / "hit"));
  for (const auto& left : std::filesystem::directory_iterator(home_))
    ADD_FAILURE() << left.path() << " is left";
}

TEST_F(OwnRunner, AnyBytesComeBack) {
  const auto ran = runner_.run(sh(R"(printf 'a\0b\377\n')"), soon());
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_EQ(ran->out, std::string("a\0b\377\n", 5));
}

TEST_F(OwnRunner, FilesArriveWholeWithTheirMode) {
  ASSERT_TRUE(runner_.put(std::string("a\0b", 3), "~/new/folder/file", 0640, soon()));
  EXPECT_EQ(*read_file(home_ / "new/folder/file"), std::string("a\0b", 3));
  struct stat info {};
  ASSERT_EQ(::stat((home_ / "new/folder/file").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0640U);
  const std::filesystem::path here = place_.folder() / "here";
  ASSERT_TRUE(runner_.download("~/new/folder/file", here, soon()));
  EXPECT_EQ(*read_file(here), std::string("a\0b", 3));
  ASSERT_TRUE(runner_.upload(here, "~/x", 0755, soon()));
  EXPECT_EQ(*read_file(home_ / "x"), std::string("a\0b", 3));
  EXPECT_FALSE(runner_.upload(place_.folder() / "missing", "~/y", 0644, soon()));
  EXPECT_FALSE(std::filesystem::exists(home_ / "y"));
  EXPECT_FALSE(runner_.download("~/none", here, soon()));
}

TEST_F(OwnRunner, ADeadlineEndsTheCommand) {
  const auto ran = runner_.run(sh("echo $$ >~/pid; sleep 60"), soon(3));
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().fault, Fault::kUnknown);
  // One that nobody has collected yet does not run.
  const std::string status = "/proc/" + trim(*read_file(home_ / "pid")) + "/status";
  const auto runs =
      runner_.run({.argv = {"grep", "-q", "^State:[[:space:]]*[RSDTt]", status}}, soon());
  ASSERT_TRUE(runs) << runs.error().message;
  EXPECT_NE(runs->exit_code, 0);
}

TEST_F(OwnRunner, ManyAtOnce) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      const auto ran = runner_.run(sh("echo " + std::to_string(i)), soon());
      EXPECT_EQ(ran ? ran->out : ran.error().message, std::to_string(i) + "\n");
    });
  }
  for (std::thread& thread : threads)
    thread.join();
}

}  // namespace
}  // namespace rayctl
