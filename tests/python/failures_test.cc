#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "base/text.h"
#include "tests/python/class_place.h"

// Provider classes that misbehave: every call ends in time, says what happened, and no machine is
// lost or made twice.

namespace rayctl {
namespace {

constexpr int kTries = 4;

class Failures : public testing::Test {
 protected:
  Time soon(int seconds = 20) const { return clock_.now() + Millis{seconds * 1000}; }

  Result<std::vector<CloudNode>> launch(Provider& provider, std::size_t count, int seconds = 20) {
    LaunchRequest request{{"one"}, {}, &spec_, {"t1"}, {}};
    for (std::size_t i = 1; i <= count; ++i)
      request.nodes.push_back({"cpu-" + std::to_string(i)});
    request.tags = launch_tags(request.cluster, {"id"}, spec_, request.token);
    request.attempts = journal_;
    request.journal = [&](const std::vector<LaunchAttempt>& attempts) -> Result<> {
      journal_ = attempts;
      if (++written_ == dies_at_) return permanent(ErrorCode::kInterrupted, "killed");
      return {};
    };
    request.why_fewer = &why_;
    return provider.create(request, soon(seconds));
  }

  /// As an apply does: again while the end is not known.
  Result<std::vector<CloudNode>> launch_as_apply(Provider& provider, std::size_t count) {
    Result<std::vector<CloudNode>> made = launch(provider, count);
    for (int i = 1; i < kTries && !made && made.error().fault != Fault::kPermanent; ++i)
      made = launch(provider, count);
    return made;
  }

  static NodeSpec worker() {
    NodeSpec spec;
    spec.type = {"cpu"};
    return spec;
  }

  const SystemClock clock_;
  const NodeSpec spec_ = worker();
  std::vector<LaunchAttempt> journal_;
  int written_ = 0, dies_at_ = 0;
  std::string why_;
};

TEST_F(Failures, AClassThatEndsItsProcessAfterALaunchHasLostNothing) {
  for (const char* tags : {"kept", "none"}) {
    for (const char* how : {"_exit", "kill"}) {
      journal_.clear();
      ClassPlace place("hostile.Quits", {{"how", how}, {"when", "after"}, {"tags", tags}});
      const auto made = launch_as_apply(*place.client(), 3);
      ASSERT_TRUE(made) << how << ": " << made.error().message;
      EXPECT_EQ(made->size(), 3U);
      EXPECT_EQ(place.machines().size(), 3U) << how << ", " << tags;
    }
  }
}

TEST_F(Failures, AClassThatEndsItsProcessBeforeALaunchMakesNothing) {
  ClassPlace place("hostile.Quits", {{"how", "kill"}, {"when", "before"}});
  const auto client = place.client();
  const auto made = launch(*client, 1);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().fault, Fault::kUnknown);
  EXPECT_NE(made.error().message.find("signal 9"), std::string::npos) << made.error().message;
  EXPECT_TRUE(place.machines().empty());
  EXPECT_TRUE(client->list({"one"}, soon())) << "the next call gets a new process";
}

TEST_F(Failures, ARunThatDiesAroundALaunchIsGoneOnWith) {
  // Killed when the attempt is journalled, and when its end is: by then the machines are there.
  for (const char* tags : {"kept", "none"}) {
    for (const int point : {1, 2}) {
      journal_.clear();
      written_ = 0;
      dies_at_ = point;
      ClassPlace place("simple.SimpleProvider", {{"tags", tags}});
      EXPECT_FALSE(launch(*place.client(), 2));
      EXPECT_EQ(place.machines().size(), point == 1 ? 0U : 2U);
      journal_.back().made.reset();  // as it was written before
      dies_at_ = 0;
      if (point == 2) place.shelf->tags.clear();  // nor was that
      const auto made = launch(*place.client(), 2);
      ASSERT_TRUE(made) << made.error().message;
      EXPECT_EQ(made->size(), 2U);
      EXPECT_EQ(place.machines().size(), 2U) << tags << " killed at " << point;
    }
  }
}

TEST_F(Failures, MachinesOfAnotherOperationAreNotTaken) {
  ClassPlace place("simple.SimpleProvider");
  const auto client = place.client();
  ASSERT_TRUE(launch(*client, 1));
  journal_ = {{R"({"before": []})", std::nullopt}};  // begun when there was nothing
  LaunchRequest other{{"one"}, {{"cpu-2"}}, &spec_, {"t2"}, {}};
  other.tags = launch_tags(other.cluster, {"id"}, spec_, other.token);
  other.attempts = journal_;
  const auto made = client->create(other, soon());
  ASSERT_TRUE(made) << made.error().message;
  ASSERT_EQ(made->size(), 1U);
  EXPECT_EQ(made->front().token, OpToken{"t2"});
  EXPECT_EQ(place.machines().size(), 2U);
}

TEST_F(Failures, AMethodThatHangsEndsWithItsDeadlineAndSaysWhere) {
  for (const char* module : {"hostile.Hangs", "hostile.HoldsInterpreter"}) {
    ClassPlace place(module, {{"at", "non_terminated_nodes"}, {"how", "regex"}});
    const auto client = place.client();
    const auto begun = std::chrono::steady_clock::now();
    const auto nodes = client->list({"one"}, soon(1));
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(6));
    ASSERT_FALSE(nodes);
    EXPECT_EQ(nodes.error().fault, Fault::kUnknown);
    if (module == std::string("hostile.HoldsInterpreter")) continue;  // it cannot say anything
    EXPECT_NE(join(nodes.error().context, "\n").find("wait_for_ever"), std::string::npos);
    EXPECT_NE(nodes.error().message.find("non_terminated_nodes"), std::string::npos);
  }
}

TEST_F(Failures, ALaunchThatHangsAfterItsWorkIsFound) {
  ClassPlace place("hostile.HangsAfterwards", {{"at", "create_node_with_resources_and_labels"}});
  const auto made = launch(*place.client(), 1, 2);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->size(), 1U);
  EXPECT_EQ(place.machines().size(), 1U);
}

TEST_F(Failures, WhatAClassRaisesIsToldWithMethodNodeAndTraceback) {
  ClassPlace place("simple.SimpleProvider");
  ASSERT_TRUE(launch(*place.client(), 1));
  place.module = "hostile.Raises";
  place.more = {{"at", "node_tags"}, {"error", "value"}};
  const auto nodes = place.client()->list({"one"}, soon());
  ASSERT_FALSE(nodes);
  EXPECT_NE(nodes.error().message.find("node_tags"), std::string::npos) << nodes.error().message;
  EXPECT_NE(nodes.error().message.find("m-1"), std::string::npos) << nodes.error().message;
  EXPECT_NE(join(nodes.error().context, "\n").find("hostile.py"), std::string::npos);
}

TEST_F(Failures, StrangeAnswersAreNamed) {
  for (const char* value : {"none", "int ids", "10 MB id", "silent ids"}) {
    ClassPlace place("hostile.Strange", {{"at", "non_terminated_nodes"}, {"value", value}});
    const auto nodes = place.client()->list({"one"}, soon());
    ASSERT_FALSE(nodes) << value;
    EXPECT_EQ(nodes.error().fault, Fault::kPermanent) << value << nodes.error().message;
    EXPECT_NE(nodes.error().message.find("non_terminated_nodes"), std::string::npos) << value;
  }
}

TEST_F(Failures, PrintingLeakingAndMeddlingHarmNothing) {
  const std::vector<std::pair<const char*, Json>> classes = {
      {"hostile.Prints", Json::object()},
      {"hostile.Leaks", Json::object()},
      {"hostile.Meddles", Json::object()},
      {"hostile.Spoils", Json::object()},
      // Its child comes back from the method as well.
      {"hostile.Forks", {{"at", "non_terminated_nodes"}}}};
  for (const auto& [module, keys] : classes) {
    journal_.clear();
    ClassPlace place(module, keys);
    const auto client = place.client();
    const auto made = launch(*client, 2);
    ASSERT_TRUE(made) << module << ": " << made.error().message;
    EXPECT_EQ(client->list({"one"}, soon())->size(), 2U) << module;
    EXPECT_TRUE(client->terminate(made->front().id, soon())) << module;
    EXPECT_EQ(place.machines().size(), 1U) << module;
  }
}

TEST_F(Failures, AClassThatIsNotSafeToScaleIsAskedAgainLater) {
  ClassPlace place("simple.SimpleProvider", {{"safe", false}});
  const auto made = launch(*place.client(), 1);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().fault, Fault::kTransient) << made.error().message;
  EXPECT_TRUE(place.machines().empty());
}

TEST_F(Failures, ClassesThatCannotBeLoadedAreMistakesOfTheFile) {
  for (const char* module :
       {"no_such_module.Class", "simple.NoSuchClass", "simple", "raises_at_import.Provider"}) {
    ClassPlace place(module);
    const auto nodes = place.client()->list({"one"}, soon());
    ASSERT_FALSE(nodes) << module;
    EXPECT_EQ(nodes.error().code, ErrorCode::kConfigInvalid) << module << nodes.error().message;
    EXPECT_EQ(nodes.error().fault, Fault::kPermanent) << module;
  }
}

TEST_F(Failures, TagsThatAreLostAreSaidOnceAndHeldByTheState) {
  ClassPlace place("simple.SimpleProvider", {{"tags", "forgetful"}});
  const auto made = launch(*place.client(), 1);
  ASSERT_TRUE(made);
  ASSERT_TRUE(place.client()->set_tags(made->front().id, {{"a", "b"}}, soon()));
  for (int run = 0; run < 2; ++run) {
    const auto nodes = place.client()->list({"one"}, soon());
    ASSERT_TRUE(nodes);
    EXPECT_EQ(nodes->front().tags.at("a"), "b");
  }
  EXPECT_EQ(place.notes.size(), 1U);
  EXPECT_EQ(place.shelf->keeps, "no");
}

TEST_F(Failures, TagsThatLastLeaveTheState) {
  ClassPlace place("simple.SimpleProvider");
  ASSERT_TRUE(launch(*place.client(), 2));
  EXPECT_EQ(place.shelf->tags.size(), 2U) << "nobody has seen yet that they last";
  ASSERT_TRUE(place.client()->list({"one"}, soon()));
  EXPECT_TRUE(place.shelf->tags.empty());
  EXPECT_EQ(place.shelf->keeps, "yes");
  EXPECT_TRUE(place.notes.empty());
}

}  // namespace
}  // namespace rayctl
