#include "providers/gcp/key_pair.h"

#include <sys/stat.h>

#include "providers/key_files.h"
#include "tests/gcp_resources/world.h"

namespace rayctl::gcp {
namespace {

class KeyPairs : public World {
 protected:
  Result<KeyPairSeen> make() { return make_key_pair(scope_, home_, want_); }
  Result<KeyPairSeen> find() { return find_key_pair(scope_, home_, want_); }
  void recorded(const std::string& name, const std::string& id, bool ours = true) {
    scope_.known[ResourceName{kKeyPairResource}] = {ProviderName{"gcp"}, name, id, ours, {}};
  }
  Json want_ = {{"region", "us-west1"}, {"project", "p"}, {"user", "ubuntu"}};
};

TEST_F(KeyPairs, NamesAreRays) {
  EXPECT_EQ(key_pair_name(want_, 0), kPair);
  EXPECT_EQ(key_pair_name(want_, 1), kSecondPair);
}

TEST_F(KeyPairs, IsMadeHereAndNowhereElse) {
  const auto made = make();
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_EQ(made->name, kPair);
  EXPECT_EQ(made->cluster, scope_.cluster_id);
  const auto again = make();
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->public_line, made->public_line);
  struct stat about {};
  ASSERT_EQ(::stat((ssh(kPair) + ".pem").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0600U);
  EXPECT_EQ(files_in_ssh(), 1U);
  EXPECT_TRUE(project_.calls.empty());
}

TEST_F(KeyPairs, OneThatRayMadeIsUsedAsItIs) {
  const std::string line = put_key(kSecondPair, "");
  put_key(std::string(kPair) + ".pem", "rayctl c2");
  const auto made = make();
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->name, kSecondPair);
  EXPECT_EQ(made->file, ssh(kSecondPair));
  EXPECT_EQ(made->public_line, line);
  EXPECT_EQ(made->cluster, std::nullopt);
  ASSERT_TRUE(remove_key_pairs(scope_, home_).ok());
  EXPECT_EQ(files_in_ssh(), 2U);
}

TEST_F(KeyPairs, AnotherClustersKeyIsPassedOver) {
  put_key(std::string(kPair) + ".pem", "rayctl c2");
  const auto made = make();
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->name, kSecondPair);
  EXPECT_EQ(files_in_ssh(), 2U);
  ASSERT_TRUE(remove_key_pairs(scope_, home_).ok());
  EXPECT_EQ(files_in_ssh(), 1U);
  EXPECT_EQ(find()->public_line, "");
}

TEST_F(KeyPairs, OursIsFoundWhereverItStands) {
  const std::string line = put_key(std::string(kSecondPair) + ".pem", "rayctl c1");
  const auto found = find();
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->name, kSecondPair);
  EXPECT_EQ(found->public_line, line);
  EXPECT_EQ(found->cluster, scope_.cluster_id);
}

TEST_F(KeyPairs, ARecordedOneWhosePrivateHalfIsNotHereBlocks) {
  recorded(kPair, "ssh-ed25519 AAAA");
  const auto found = find();
  ASSERT_TRUE(found.ok());
  ASSERT_EQ(found->blocked.size(), 1U);
  EXPECT_EQ(found->public_line, "ssh-ed25519 AAAA");
  EXPECT_NE(found->blocked[0].remedy.find(ssh(kPair) + ".pem"), std::string::npos);
  EXPECT_FALSE(make().ok());
  EXPECT_EQ(files_in_ssh(), 0U);
}

TEST_F(KeyPairs, ARecordedOneOfRaysIsFoundUnderItsName) {
  const std::string line = put_key(kSecondPair, "");
  put_key(kPair, "");
  recorded(kSecondPair, "", false);
  const auto found = find();
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->public_line, line);
  EXPECT_EQ(found->cluster, std::nullopt);
  EXPECT_TRUE(found->blocked.empty());
}

TEST_F(KeyPairs, WhatIsNoKeyIsPassedOverAndKept) {
  ASSERT_TRUE(make_directories(home_ + "/.ssh").ok());
  ASSERT_TRUE(write_file_atomic(ssh(kPair), "no key").ok());
  const auto made = make();
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->name, kSecondPair);
  EXPECT_EQ(*read_file(ssh(kPair)), "no key");
}

TEST_F(KeyPairs, APublicHalfBesideAFileThatTellsNothingIsEnough) {
  ASSERT_TRUE(make_directories(home_ + "/.ssh").ok());
  ASSERT_TRUE(write_file_atomic(ssh(kPair), "-----BEGIN RSA PRIVATE KEY-----\nhidden").ok());
  const auto key = make_ssh_key("somebody");
  ASSERT_TRUE(key.ok() && write_file_atomic(ssh(kPair) + ".pub", key->public_line + "\n").ok());
  const auto line = public_half(ssh(kPair));
  ASSERT_TRUE(line);
  EXPECT_EQ(*line + " somebody", key->public_line);
  ASSERT_TRUE(write_file_atomic(ssh(kPair) + ".pub", "no key at all\n").ok());
  EXPECT_EQ(public_half(ssh(kPair)), std::nullopt);
}

TEST_F(KeyPairs, AHalfWrittenOneGoesToo) {
  put_key("." + std::string(kPair) + ".pem.0a1b", "rayctl c1");
  put_key("other.pem", "rayctl c1");
  EXPECT_EQ(find()->public_line, "");
  ASSERT_TRUE(remove_key_pairs(scope_, home_).ok());
  EXPECT_EQ(files_in_ssh(), 1U) << "the key of another provider's";
}

TEST_F(KeyPairs, RaysFileIsTheFirstOneOfItsNames) {
  EXPECT_EQ(rays_key_file(home_, want_), ssh(kPair));
  put_key(kSecondPair, "");
  EXPECT_EQ(rays_key_file(home_, want_), ssh(kSecondPair));
}

}  // namespace
}  // namespace rayctl::gcp
