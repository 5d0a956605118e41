#include "cli/access/ssh_pool.h"

#include <pwd.h>
#include <unistd.h>

#include <filesystem>

#include "base/files.h"
#include "cli/access/passphrase.h"
#include "model/json_text.h"

namespace rayctl {
namespace {

Millis seconds(double count) {
  return Millis{static_cast<Millis::rep>(count * 1000)};
}

std::string local_user() {
  const passwd* user = ::getpwuid(::geteuid());
  return user != nullptr ? user->pw_name : "root";
}

std::vector<std::string> usual_keys(const std::string& home) {
  std::vector<std::string> keys;
  std::error_code ignored;
  for (const char* name : {"id_ed25519", "id_ecdsa", "id_rsa"}) {
    const std::filesystem::path key = std::filesystem::path(home) / ".ssh" / name;
    if (std::filesystem::exists(key, ignored)) keys.push_back(key.string());
  }
  return keys;
}

}  // namespace

bool on_head(const Io& io) {
  return !io.env("RAYCTL_SSH_KEY").value_or("").empty();
}

SshLogins ssh_logins(const Config& config, const Io& io) {
  const SshKeys& ssh = config.rayctl.ssh;
  const std::string home = home_directory();
  SshLogins logins;
  SshSettings& usual = logins.usual;
  usual.user = text_in(config.auth, "ssh_user");
  if (usual.user.empty()) usual.user = local_user();
  usual.port = ssh.port;
  const std::string key = text_in(config.auth, "ssh_private_key");
  usual.key_files = key.empty() ? usual_keys(home) : std::vector{expand_home(key, home)};
  usual.agent_socket = io.env("SSH_AUTH_SOCK").value_or("");
  logins.only_key = io.env("RAYCTL_SSH_KEY").value_or("");
  usual.passphrase = passphrase_from_terminal(io);
  if (!on_head(io)) usual.proxy_command = text_in(config.auth, "ssh_proxy_command");
  usual.connect_timeout = seconds(ssh.connect_timeout_s);
  usual.keepalive = seconds(ssh.keepalive_s);
  usual.login_shell = ssh.login_shell;
  logins.hosts = config.rayctl.hosts;
  for (auto& [host, login] : logins.hosts)
    login.private_key = expand_home(login.private_key, home);
  return logins;
}

SshPool::SshPool(SshLogins logins, std::shared_ptr<HostKeys> keys,
                 std::function<Result<SshTarget>()> head)
    : logins_(std::move(logins)), keys_(std::move(keys)), head_(std::move(head)) {}

SshSettings SshPool::settings_of(const SshTarget& target) const {
  SshSettings settings = logins_.usual;
  settings.node = target.node;
  settings.host = target.address;
  if (std::string key = logins_.made_key ? logins_.made_key() : ""; !key.empty()) {
    settings.key_files = {std::move(key)};
  }
  const auto login = logins_.hosts.find(target.node);
  if (login != logins_.hosts.end()) {
    if (!login->second.user.empty()) settings.user = login->second.user;
    if (!login->second.private_key.empty()) settings.key_files = {login->second.private_key};
    if (login->second.port != 0) settings.port = login->second.port;
  }
  if (!logins_.only_key.empty()) {
    settings.key_files = {logins_.only_key};
    settings.agent_socket.clear();
  }
  return settings;
}

Result<std::shared_ptr<SshConnection>> SshPool::connection(const SshTarget& target) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = connections_.find(target.node);
    if (found != connections_.end() && found->second.first == target) return found->second.second;
  }
  SshSettings settings = settings_of(target);
  if (target.through_head) {
    const Result<SshTarget> head = head_();
    if (!head) return head.error();
    Result<std::shared_ptr<SshConnection>> jump = connection(*head);
    if (!jump) return jump.error();
    settings.jump = *std::move(jump);
    settings.proxy_command.clear();
  }
  const std::lock_guard lock(mutex_);
  auto& [known, connection] = connections_[target.node];
  if (!connection || known != target) {
    known = target;
    connection = std::make_shared<SshConnection>(std::move(settings), keys_);
  }
  return connection;
}

std::optional<HostKey> SshPool::pinned(const SshTarget& target) const {
  return keys_->pinned(target.node);
}

}  // namespace rayctl
