#include "model/ray_hash.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>

#include "tests/support/tree/source_dir.h"

// The answers in fixtures/ray_hash/ are Ray's own: tests/e2e/ray_hash_test.py asks it again.

namespace rayctl {
namespace {

const std::map<std::string, RayHashForm> kVersions = {{"0.8.7", RayHashForm::kSha1},
                                                      {"2.9.3", RayHashForm::kSha1KeyContents},
                                                      {"2.60.0", RayHashForm::kSha256}};

Json cases_of(const std::string& file) {
  std::ifstream stream(source_dir() + "/fixtures/ray_hash/" + file);
  return Json::parse(stream).at("cases");
}

std::optional<std::string> key(const Json& keys, const char* name) {
  return keys.contains(name) ? std::optional<std::string>(keys.at(name)) : std::nullopt;
}

// What a walk of `path` finds in a case's files, with folders as Ray spells them.
std::vector<RayFolder> walk(const std::string& path, const Json& files) {
  const std::string root = path.ends_with('/') ? path : path + "/";
  std::map<std::string, RayFolder> folders;
  for (const auto& [name, contents] : files.items()) {
    if (!name.starts_with(root)) continue;
    for (std::size_t slash = root.size() - 1; slash != std::string::npos;
         slash = name.find('/', slash + 1)) {
      const std::string folder = slash == root.size() - 1 ? path : name.substr(0, slash);
      folders[folder].path = folder;
    }
    const std::size_t last = name.rfind('/');
    folders[last == root.size() - 1 ? path : name.substr(0, last)].files.push_back(
        name.substr(last + 1));
  }
  std::vector<RayFolder> found;
  for (auto it = folders.rbegin(); it != folders.rend(); ++it)
    found.push_back(it->second);
  return found;
}

void add_path(StreamDigest& digest, const std::string& path, const Json& files) {
  const auto folders = walk(path, files);
  if (folders.empty() && !files.contains(path)) return;
  for (const RayHashPiece& piece : ray_hash_pieces(path, folders)) {
    digest.add(piece.is_path ? files.at(piece.text).get<std::string>() : piece.text);
  }
}

TEST(RayHash, LaunchConfigsAsRayHashesThem) {
  const Json cases = cases_of("launch.json");
  ASSERT_GE(cases.size(), 13U);
  for (const Json& each : cases) {
    const RayKeyContents keys{key(each.at("keys"), "ssh_private_key"),
                              key(each.at("keys"), "ssh_public_key")};
    for (const auto& [version, form] : kVersions) {
      EXPECT_EQ(ray_launch_hash(form, each.at("node_config"), each.at("auth"), keys),
                each.at("answers").at(version).get<std::string>())
          << each.at("name") << ", Ray " << version;
    }
  }
}

TEST(RayHash, RuntimeConfigsAndContentsAsRayHashesThem) {
  const Json cases = cases_of("runtime.json");
  ASSERT_GE(cases.size(), 9U);
  for (const Json& each : cases) {
    for (const auto& [version, form] : kVersions) {
      SCOPED_TRACE(each.at("name").get<std::string>() + ", Ray " + version);
      StreamDigest digest(ray_contents_form(form));
      std::multiset<std::string> locals;
      for (const Json& local : each.at("file_mounts"))
        locals.insert(local);
      for (const std::string& local : locals)
        add_path(digest, local, each.at("files"));
      EXPECT_EQ(ray_runtime_hash(form, each.at("file_mounts"), each.at("extra"), digest.so_far()),
                each.at("answers").at(version).at("runtime").get<std::string>());

      std::multiset<std::string> synced;
      if (each.at("cluster_synced_files").is_array()) {
        for (const Json& local : each.at("cluster_synced_files"))
          synced.insert(local);
      }
      for (const std::string& local : synced)
        add_path(digest, local, each.at("files"));
      EXPECT_EQ(digest.so_far(), each.at("answers").at(version).at("contents").get<std::string>());
    }
  }
}

TEST(RayHash, ADigestReadMidwayGoesOn) {
  StreamDigest digest(StreamDigest::Form::kSha1Hex);
  EXPECT_EQ(digest.so_far(), sha1_hex(""));
  digest.add("one");
  EXPECT_EQ(digest.so_far(), sha1_hex("one"));
  EXPECT_EQ(digest.so_far(), sha1_hex("one"));
  digest.add("two");
  EXPECT_EQ(digest.so_far(), sha1_hex("onetwo"));
}

}  // namespace
}  // namespace rayctl
