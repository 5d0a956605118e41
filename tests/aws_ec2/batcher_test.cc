#include "providers/aws/batcher.h"

#include <thread>

#include "tests/aws_ec2/launch_world.h"

namespace rayctl::aws {
namespace {

void at_once(int count, const std::function<void(int)>& work) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i)
    threads.emplace_back([&work, i] { work(i); });
  for (std::thread& thread : threads)
    thread.join();
}

TEST(Batcher, TwoHundredEndsTakeFewCalls) {
  LaunchWorld world;
  for (int i = 1; i <= 200; ++i)
    world.ec2.add({.id = "i-" + std::to_string(i), .state = "running"});
  Ending ending(world.ec2, {}, *world.tagging, Millis{300});
  at_once(200, [&](int i) {
    EXPECT_TRUE(ending.terminate({"i-" + std::to_string(i + 1)}, world.soon()));
  });
  EXPECT_TRUE(world.ec2.living().empty());
  EXPECT_LE(world.ec2.calls("TerminateInstances"), 10);
}

TEST(Batcher, EqualTagsShareACallAndOthersDoNot) {
  LaunchWorld world;
  for (int i = 1; i <= 100; ++i)
    world.ec2.add({.id = "i-" + std::to_string(i), .state = "running"});
  Tagging tagging(world.ec2, world.clock, Millis{300});
  at_once(100, [&](int i) {
    const Tags tags = {{"kind", i % 2 == 0 ? "even" : "odd"}};
    EXPECT_TRUE(tagging.set({"i-" + std::to_string(i + 1)}, tags, world.soon()));
  });
  for (int i = 0; i < 100; ++i) {
    const Tags wanted = {{"kind", i % 2 == 0 ? "even" : "odd"}};
    EXPECT_EQ(world.ec2.machines["i-" + std::to_string(i + 1)].tags, wanted) << i;
  }
  EXPECT_LE(world.ec2.calls("CreateTags"), 10);
}

TEST(Batcher, OneThatIsNotThereDoesNotFailTheOthers) {
  LaunchWorld world;
  for (int i = 1; i <= 50; ++i) {
    if (i != 17) world.ec2.add({.id = "i-" + std::to_string(i), .state = "running"});
  }
  Tagging tagging(world.ec2, world.clock, Millis{300});
  at_once(50, [&](int i) {
    const Changed end = tagging.set({"i-" + std::to_string(i + 1)}, {{"a", "b"}}, world.soon());
    EXPECT_EQ(end.value.ok(), i + 1 != 17) << i;
  });
  for (const auto& machine : world.ec2.living())
    EXPECT_EQ(machine.tags, (Tags{{"a", "b"}})) << machine.id;
}

TEST(Batcher, NeverMoreThanTheMost) {
  Batcher batcher(Millis{300}, 10);
  std::mutex mutex;
  std::multiset<std::string> changed;
  at_once(95, [&](int i) {
    const Changed end =
        batcher.run("key", std::to_string(i), Time{}, [&](const auto& ids, Time) -> Changed {
          const std::lock_guard lock(mutex);
          EXPECT_LE(ids.size(), 10U);
          changed.insert(ids.begin(), ids.end());
          return {};
        });
    EXPECT_TRUE(end);
  });
  EXPECT_EQ(changed.size(), 95U);
  EXPECT_EQ(std::set<std::string>(changed.begin(), changed.end()).size(), 95U);
}

TEST(Tagging, AYoungMachineIsAskedForAgain) {
  LaunchWorld world;
  world.ec2.add({.id = "i-1", .state = "pending", .hidden = 3});
  ASSERT_TRUE(world.tagging->set({"i-1"}, {{"a", "b"}}, world.soon()));
  EXPECT_EQ(world.ec2.machines["i-1"].tags, (Tags{{"a", "b"}}));
  EXPECT_FALSE(world.tagging->set({"i-none"}, {{"a", "b"}}, world.soon()));
}

TEST(Tagging, TheNameOfTheLaunchStays) {
  LaunchWorld world;
  world.ec2.add({.id = "i-1", .tags = {{kTagName, "mine"}}});
  ASSERT_TRUE(world.tagging->set({"i-1"}, naming_tags({"demo"}, {"cpu-1"}, false), world.soon()));
  EXPECT_EQ(world.ec2.machines["i-1"].tags, (Tags{{kTagName, "mine"}, {kTagNode, "cpu-1"}}));
}

}  // namespace
}  // namespace rayctl::aws
