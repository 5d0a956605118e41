#include "cli/autoscale/notices.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/state_store_fake.h"
#include "transport/local_runner.h"

namespace rayctl {
namespace {

const ProviderName kCloud{"cloud"};
constexpr char kWhen[] = "2026-11-29T01:02:03.000Z";

/// A machine's metadata is a file of its name.
class NoticesTest : public testing::Test, public NodeAccess {
 public:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "notices-XXXXXX";
    folder = ::mkdtemp(pattern.data());
    world.access = [this](const ProviderName&) -> NodeAccess& { return *this; };
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  Result<std::unique_ptr<CommandRunner>> runner(const CloudNode& node) override {
    if (node.id.text == "silent") return transient(ErrorCode::kConnectionLost, "no answer");
    return std::unique_ptr<CommandRunner>(std::make_unique<LocalRunner>(LocalRunnerSettings{
        .home = folder, .env = {{"PATH", "/usr/bin:/bin"}, {"ME", node.id.text}}}));
  }
  Result<Command> start_command(const CloudNode&, const NodeSpec&, const CloudNode*) override {
    return permanent(ErrorCode::kNotSupported, "none");
  }
  Result<std::string> gcs_endpoint(const CloudNode&) override { return std::string(); }
  Result<std::string> dashboard_url(const CloudNode&) override { return std::string(); }

  void give_notice(const char* id, const char* text) const {
    std::ofstream(folder / id) << text << "\n";
  }
  static Observed seen(const std::vector<const char*>& ids) {
    std::vector<CloudNode> machines;
    for (const char* id : ids)
      machines.push_back({.id = {id}, .power = Power::kRunning, .head = std::string(id) == "head"});
    return {.machines = {{kCloud, machines}}};
  }
  /// As of the look after the machines have been asked.
  static std::map<std::string, Time> ends(Notices& notices, const std::vector<const char*>& ids,
                                          std::size_t wanted) {
    std::map<std::string, Time> found;
    for (int tries = 0; tries < 500 && found.size() != wanted; ++tries) {
      SystemClock().sleep(Millis{10}, {});
      Observed observed = seen(ids);
      notices.apply(observed);
      found.clear();
      for (const CloudNode& machine : *observed.machines.at(kCloud)) {
        if (machine.ends_at) found[machine.id.text] = *machine.ends_at;
      }
    }
    return found;
  }

  std::filesystem::path folder;
  StateStoreFake store;
  SystemClock clock;
  World world{.store = store, .clock = clock};
};

TEST_F(NoticesTest, AWorkerThatWasGivenNoticeEndsThen) {
  for (const char* id : {"head", "b"})
    give_notice(id, kWhen);
  give_notice("c", "soon");
  Notices notices(world, kCloud, "cat \"$ME\" 2>/dev/null");
  const std::vector<const char*> ids{"head", "a", "b", "c", "silent"};
  const auto found = ends(notices, ids, 1);
  EXPECT_EQ(found, (std::map<std::string, Time>{{"b", parse_time(kWhen)}}));
  EXPECT_TRUE(ends(notices, {"a", "c"}, 0).empty()) << "gone with its machine";
}

TEST_F(NoticesTest, WhereNoneIsEverGivenNobodyIsAsked) {
  give_notice("b", kWhen);
  Notices notices(world, kCloud, "");
  EXPECT_TRUE(ends(notices, {"b"}, 0).empty());
  Observed observed = seen({"b"});
  notices.apply(observed);
  EXPECT_EQ(observed, seen({"b"}));
}

}  // namespace
}  // namespace rayctl
