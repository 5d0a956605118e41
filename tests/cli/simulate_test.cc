#include <algorithm>

#include "tests/cli/app_fixture.h"
#include "tests/support/tree/source_dir.h"

namespace rayctl {
namespace {

namespace fs = std::filesystem;

fs::path traces() {
  return fs::path(source_dir()) / "fixtures/traces";
}

/// fixtures/traces/<name>.ndjson -> <name>.txt and <name>.svg; RAYCTL_ACCEPT=1 writes what is, and
/// never passes.
class SimulateVerb : public AppTest {
 protected:
  Ran simulate(const std::string& trace, std::vector<std::string> more = {}) {
    std::vector<std::string> words = {"simulate", (traces() / "cluster.yaml").string(), "--trace",
                                      trace};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }
  static void compare(const fs::path& file, const std::string& now) {
    if (std::getenv("RAYCTL_ACCEPT") != nullptr) {
      std::ofstream(file) << now;
      FAIL() << "accepted, not tested: " << file;
    }
    const Result<std::string> expected = read_file(file);
    ASSERT_TRUE(expected) << "not there; RAYCTL_ACCEPT=1 writes it:\n" << now;
    EXPECT_EQ(now, *expected) << file;
  }
};

TEST_F(SimulateVerb, GivesWhatIsExpectedOfEachTrace) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(traces())) {
    if (entry.path().extension() == ".ndjson") found.push_back(entry.path());
  }
  ASSERT_GE(found.size(), 2U);
  for (const fs::path& trace : found) {
    // A copy, so that no path of this machine stands in the picture.
    fs::current_path(fs::path(path("x")).parent_path());
    fs::copy_file(trace, trace.filename(), fs::copy_options::overwrite_existing);
    const Ran ran = simulate(trace.filename().string(), {"--svg", "now.svg"});
    ASSERT_EQ(ran.status, 0) << ran.err;
    compare(fs::path(trace).replace_extension(".txt"), ran.out);
    compare(fs::path(trace).replace_extension(".svg"), *read_file("now.svg"));
  }
}

TEST_F(SimulateVerb, GivesNumbersToMachines) {
  const Ran ran = simulate((traces() / "morning.ndjson").string(), {"--json"});
  ASSERT_EQ(ran.status, 0) << ran.err;
  const Json json = Json::parse(ran.out);
  EXPECT_EQ(json["waits"]["count"], 88);
  EXPECT_EQ(json["unplaced"], 1);
  EXPECT_EQ(json["unmet"][0]["impossible"], true);
  EXPECT_EQ(json["samples"].back()["at_s"], json["length_s"]);
}

TEST_F(SimulateVerb, RefusesWhatItCannotPlay) {
  const std::string good = write("good.ndjson", "{\"at\": 0, \"demand\": {\"CPU\": 1}}\n");
  EXPECT_EQ(simulate(write("bad.ndjson", "{}\n")).status, 3);
  EXPECT_EQ(simulate(path("none.ndjson")).status, 1);
  EXPECT_EQ(simulate(good, {"--launch-failures", "120%"}).status, 3);
  EXPECT_EQ(simulate(good, {"--set-up-failures", "some"}).status, 3);
  EXPECT_EQ(run({"simulate", (traces() / "cluster.yaml").string()}).status, 3);
  const Ran unknown = run({"simulate", cluster_file(), "--trace", good});
  EXPECT_EQ(unknown.status, 3);
  EXPECT_NE(unknown.err.find("`cpu` has no resources"), std::string::npos) << unknown.err;
}

}  // namespace
}  // namespace rayctl
