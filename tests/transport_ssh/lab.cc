#include "tests/transport_ssh/lab.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "base/text.h"
#include "tests/support/tree/source_dir.h"

namespace rayctl::lab {

std::filesystem::path folder() {
  const char* lab = std::getenv("HOSTLAB");
  if (lab == nullptr) {
    ADD_FAILURE() << "not in the host lab";
    std::abort();
  }
  return lab;
}

std::string shell(const std::string& line) {
  std::FILE* pipe = ::popen(line.c_str(), "r");
  if (pipe == nullptr) {
    ADD_FAILURE() << "cannot run " << line;
    return "";
  }
  std::string said;
  std::array<char, 4096> buffer;
  while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), pipe))
    said.append(buffer.data(), got);
  EXPECT_EQ(::pclose(pipe), 0) << line << "\n" << said;
  return said;
}

std::string make_key(const std::string& kind, const std::string& passphrase) {
  static int count = 0;
  const std::string key = (folder() / "client" / ("key-" + std::to_string(++count))).string();
  shell("ssh-keygen -q " + kind + " -N " + shell_quote(passphrase) + " -f " + key);
  return key;
}

void authorize(const std::string& node, const std::string& key) {
  shell("cat " + key + ".pub >" + (folder() / node / "authorized_keys").string());
}

std::string address(const std::string& node) {
  return (node.front() == 'p' ? "10.78.0.1" : "10.77.0.1") + node.substr(1);
}

std::string usual_key() {
  static const std::string key = make_key("-t ed25519");
  return key;
}

SshSettings settings(const std::string& node, const std::string& user) {
  authorize(node, usual_key());
  SshSettings made;
  made.node = node;
  made.user = user;
  made.host = address(node);
  made.key_files = {usual_key()};
  made.login_shell = false;
  return made;
}

void configure(const std::string& node, const std::string& lines) {
  std::ofstream(folder() / node / "sshd_extra") << lines << "\n";
  const std::string sshd = source_dir() + "/fixtures/hostlab/hostlab.sh sshd ";
  shell(sshd + node + " stop && " + sshd + node + " start");
}

}  // namespace rayctl::lab
