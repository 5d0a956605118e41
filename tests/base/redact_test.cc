#include "base/redact.h"

#include <gtest/gtest.h>

namespace rayctl {
namespace {

TEST(Redact, NamesOfSecrets) {
  for (const char* key : {"password", "PGPASSWORD", "db_password", "aws_secret_access_key",
                          "awsSecretAccessKey", "AWS_SESSION_TOKEN", "token", "authToken",
                          "api_key", "WANDB_API_KEY", "private_key", "client-secret", "passphrase",
                          "HUGGING_FACE_HUB_TOKEN", "credentials", "registry.password"}) {
    EXPECT_TRUE(names_secret(key)) << key;
  }
}

TEST(Redact, NamesThatOnlySoundLikeSecrets) {
  for (const char* key :
       {"", "---", "ssh_private_key", "KeyName", "key", "secretName", "secretKeyRef",
        "RAY_AUTH_TOKEN_PATH", "max_tokens", "tokenizer", "imagePullSecrets", "node_config",
        "credentials_file", "AWS_ACCESS_KEY_ID", "monkey", "SecurityGroupIds"}) {
    EXPECT_FALSE(names_secret(key)) << key;
  }
}

TEST(Redact, ValuesThatLookLikeSecrets) {
  const std::string thirty(36, 'a');
  for (const std::string& value :
       {std::string("-----BEGIN RSA PRIVATE KEY-----\nMIIE"), std::string("AKIAIOSFODNN7EXAMPLE"),
        std::string("export AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE"), "ghp_" + thirty,
        "hf_" + thirty, std::string("https://ana:hunter2@example.org/x"),
        std::string("postgres://u:p4ss@db:5432/x"),
        std::string("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abcdefghijk")}) {
    EXPECT_TRUE(looks_secret(value)) << value;
  }
}

TEST(Redact, ValuesThatDoNot) {
  for (const char* value : {"", "hello", "AKIA", "secret://env/TOKEN", "https://example.org/a:b@c",
                            "https://ana@example.org", "git clone https://u:${TOKEN}@host/x",
                            "task-ghp_", "-----BEGIN CERTIFICATE-----", "pip install ray==2.60.0",
                            "~/.ssh/key.pem", "xAKIAIOSFODNN7EXAMPLE"}) {
    EXPECT_FALSE(looks_secret(value)) << value;
  }
}

TEST(Redact, ReplacesEveryOccurrence) {
  Redactor redactor;
  EXPECT_TRUE(redactor.empty());
  EXPECT_EQ(redactor.apply("nothing known"), "nothing known");
  redactor.add("hunter2");
  redactor.add("hunter2-long");
  redactor.add("abc");  // too short to be one
  EXPECT_FALSE(redactor.empty());
  EXPECT_EQ(redactor.apply("hunter2 hunter2-longer abc"), "[redacted] [redacted]er abc");
  EXPECT_EQ(redactor.apply("hunter"), "hunter");
}

TEST(Redact, DoesNotLookIntoItsOwnReplacement) {
  Redactor redactor;
  redactor.add("redacted");
  EXPECT_EQ(redactor.apply("a redacted b"), "a [redacted] b");
}

TEST(Redact, FindsLinesOfALongSecret) {
  Redactor redactor;
  redactor.add("first line of key\nsecond line of key\nx");
  EXPECT_EQ(redactor.apply("log: second line of key"), "log: [redacted]");
  EXPECT_EQ(redactor.apply("x"), "x");
}

}  // namespace
}  // namespace rayctl
