#include "providers/aws/user_data.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "net/ssh_key.h"

namespace rayctl::aws {
namespace {

constexpr char kKey[] = "ssh-ed25519 AAAA rayctl-autoscaler-c1";
constexpr char kKeyConfig[] =
    "#cloud-config\nssh_authorized_keys:\n  - \"ssh-ed25519 AAAA rayctl-autoscaler-c1\"\n";

std::string merged(const std::string& user_data) {
  const Result<std::string> result = with_ssh_key(user_data, kKey);
  EXPECT_TRUE(result) << result.error().message;
  return result ? *result : "";
}

/// The parts of a message, each with its headers.
std::vector<std::string> parts_of(const std::string& message) {
  const std::string begin = "Content-Type: multipart/mixed; boundary=\"";
  if (!message.starts_with(begin)) return {};
  const std::string boundary =
      message.substr(begin.size(), message.find('"', begin.size()) - begin.size());
  std::vector<std::string> parts;
  std::size_t at = message.find("\n--" + boundary + "\n");
  while (at != std::string::npos) {
    const std::size_t from = at + boundary.size() + 4;
    const std::size_t next = message.find("\n--" + boundary, from);
    parts.push_back(message.substr(from, next - from));
    at = message.find("\n--" + boundary + "\n", next);
  }
  EXPECT_TRUE(message.ends_with("\n--" + boundary + "--\n"));
  return parts;
}

TEST(UserData, AloneTheKeyIsAConfig) {
  EXPECT_EQ(merged(""), kKeyConfig);
  EXPECT_EQ(merged(" \n"), kKeyConfig);
}

TEST(UserData, ALineIsOneStringWhateverIsInIt) {
  EXPECT_EQ(*with_ssh_key("", "ssh-rsa AAAA \"a\": #b"),
            "#cloud-config\nssh_authorized_keys:\n  - \"ssh-rsa AAAA \\\"a\\\": #b\"\n");
}

TEST(UserData, TheUsersPartComesFirstAndUnchanged) {
  const std::vector<std::pair<std::string, std::string>> kinds = {
      {"#!/bin/bash\necho hi", "text/x-shellscript"},
      {"#!/bin/bash\r\necho hi\r\n\r\n", "text/x-shellscript"},
      {"#cloud-config\nruncmd: [ls]\n", "text/cloud-config"},
      {"\n #Cloud-Config\nruncmd: [ls]\n", "text/cloud-config"},
      {"#cloud-config-archive\n- {}\n", "text/cloud-config-archive"},
      {"#cloud-config-jsonp\n[]\n", "text/cloud-config-jsonp"},
      {"#cloud-boothook\nls\n", "text/cloud-boothook"},
      {"#part-handler\n", "text/part-handler"},
      {"#include\nhttps://example.com/x\n", "text/x-include-url"},
      {"#include-once https://example.com/x\n", "text/x-include-once-url"},
      {"## template: jinja\n#cloud-config\n{}\n", "text/jinja2"},
  };
  for (const auto& [data, type] : kinds) {
    const std::vector<std::string> parts = parts_of(merged(data));
    ASSERT_EQ(parts.size(), 2U) << data;
    EXPECT_EQ(parts[0], "Content-Type: " + type +
                            "; charset=\"utf-8\"\nContent-Transfer-Encoding: 7bit\n\n" + data);
    EXPECT_TRUE(parts[1].starts_with("Content-Type: text/cloud-config;")) << parts[1];
    EXPECT_NE(parts[1].find("\nMerge-Type: list(append)+dict(recurse_array,no_replace)+str()\n"),
              std::string::npos);
    EXPECT_TRUE(parts[1].ends_with("\n\n" + std::string(kKeyConfig))) << parts[1];
  }
}

TEST(UserData, OtherLettersThanAsciiGoInBase64) {
  const std::string data = "#!/bin/sh\necho gr\xc3\xbc\xc3\x9f\n";
  const std::vector<std::string> parts = parts_of(merged(data));
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0],
            "Content-Type: text/x-shellscript; charset=\"utf-8\"\n"
            "Content-Transfer-Encoding: base64\n\n" +
                to_base64(data));
}

TEST(UserData, AMessageIsAPartAsItStands) {
  for (const char* data :
       {"Content-Type: multipart/mixed; boundary=\"b\"\nMIME-Version: 1.0\n\n--b\nContent-Type: "
        "text/x-shellscript\n\n#!/bin/sh\n--b--\n",
        "MIME-Version: 1.0\r\nContent-Type: text/x-shellscript\r\n\r\n#!/bin/sh\r\n"}) {
    const std::vector<std::string> parts = parts_of(merged(data));
    ASSERT_EQ(parts.size(), 2U) << data;
    EXPECT_EQ(parts[0], data);
  }
}

TEST(UserData, AScriptThatWritesAMessageIsAScript) {
  const std::string data = "#!/bin/sh\necho 'MIME-Version: 1.0'\n";
  EXPECT_TRUE(parts_of(merged(data)).at(0).starts_with("Content-Type: text/x-shellscript;"));
}

TEST(UserData, InBase64ItIsWhatItStandsFor) {
  for (const char* data :
       {"#!/bin/sh\ntrue\n", "#cloud-config\n{}\n", "MIME-Version: 1.0\nContent-Type: text/x\n\n"})
    EXPECT_EQ(merged(to_base64(data)), merged(data));
}

TEST(UserData, WhatIsNotForCloudInitIsLeftAlone) {
  for (const std::string& data : {std::string("<powershell>ls</powershell>"),
                                  std::string("{\"ignition\": {}}"), std::string("[settings]\n"),
                                  std::string("name: value\n"), to_base64("<script>ls</script>")})
    EXPECT_EQ(merged(data), data);
}

TEST(UserData, TheSameGivesTheSameAndAnotherAnother) {
  const std::string once = merged("#!/bin/sh\ntrue\n");
  EXPECT_EQ(once, merged("#!/bin/sh\ntrue\n"));
  const auto first_line = [](const std::string& text) { return text.substr(0, text.find('\n')); };
  EXPECT_NE(first_line(once), first_line(merged("#!/bin/sh\nfalse\n")));
  EXPECT_NE(first_line(once), first_line(*with_ssh_key("#!/bin/sh\ntrue\n", "ssh-rsa B")));
}

TEST(UserData, WhatEc2WouldNotTakeIsRefused) {
  const std::string begin = "#!/bin/sh\n";
  const std::size_t more = merged(begin).size() - begin.size();
  const std::string fits = begin + std::string(kLargestUserData - more - begin.size(), '#');
  EXPECT_EQ(merged(fits).size(), kLargestUserData);
  const Result<std::string> one_more = with_ssh_key(fits + "#", kKey);
  ASSERT_FALSE(one_more);
  EXPECT_EQ(one_more.error().fault, Fault::kPermanent);
  EXPECT_EQ(one_more.error().code, ErrorCode::kConfigInvalid);
  EXPECT_NE(one_more.error().message.find("16385 bytes, and EC2 takes 16384"), std::string::npos)
      << one_more.error().message;
}

TEST(UserData, WhatIsCompressedCannotBeToldApartAndIsRefused) {
  for (const std::string& data :
       {std::string("\x1f\x8b\x08 more"), to_base64("\x1f\x8b\x08 more")}) {
    const Result<std::string> result = with_ssh_key(data, kKey);
    ASSERT_FALSE(result);
    EXPECT_NE(result.error().message.find("compressed"), std::string::npos);
  }
}

}  // namespace
}  // namespace rayctl::aws
