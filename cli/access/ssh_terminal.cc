#include "cli/access/ssh_terminal.h"

#include <algorithm>

#include "base/text.h"

namespace rayctl {
namespace {

/// Said to ssh by a shell that compares fingerprints: ssh wants whole keys, and we pin digests of
/// them. %f, %H, %t and %K are the key's digest, the host, the key's type and the key.
std::string known_hosts_command(const HostKey& key) {
  const std::string script =
      R"(if [ "$1" = "$2" ]; then printf "%%s %%s %%s\n" "$3" "$4" "$5"; fi)";
  return "/bin/sh -c '" + script + "' sh " + key.fingerprint + " %f %H %t %K";
}

/// The names that ssh has for the algorithms of a key of this type.
std::string algorithms(const std::string& type) {
  return type == "ssh-rsa" ? "rsa-sha2-512,rsa-sha2-256" : type;
}

void option(std::vector<std::string>& argv, const std::string& text) {
  argv.insert(argv.end(), {"-o", text});
}

long whole_seconds(Millis duration) {
  return std::max<long>(1, static_cast<long>((duration.count() + 999) / 1000));
}

std::vector<std::string> options(const SshHop& hop) {
  const SshSettings& settings = hop.settings;
  std::vector<std::string> argv{"ssh", "-p", std::to_string(settings.port)};
  for (const std::string& file : settings.key_files)
    argv.insert(argv.end(), {"-i", file});
  option(argv, "StrictHostKeyChecking=yes");
  option(argv, "UserKnownHostsFile=/dev/null");
  option(argv, "GlobalKnownHostsFile=/dev/null");
  option(argv, "UpdateHostKeys=no");
  option(argv, "HostKeyAlgorithms=" + algorithms(hop.key.type));
  option(argv, "KnownHostsCommand=" + known_hosts_command(hop.key));
  option(argv, "ConnectTimeout=" + std::to_string(whole_seconds(settings.connect_timeout)));
  option(argv, "ServerAliveInterval=" + std::to_string(whole_seconds(settings.keepalive)));
  option(argv, "ServerAliveCountMax=" + std::to_string(settings.keepalive_misses));
  option(argv, "ControlMaster=no");
  option(argv, "ControlPath=none");
  option(argv, "LogLevel=ERROR");
  return argv;
}

std::string quoted(const std::vector<std::string>& words) {
  std::vector<std::string> parts;
  for (const std::string& word : words)
    parts.push_back(shell_quote(word));
  return join(parts, " ");
}

/// Text that ssh is to take as it is where it looks for %h and the like.
std::string without_tokens(const std::string& text) {
  std::string safe;
  for (const char c : text)
    safe += c == '%' ? "%%" : std::string(1, c);
  return safe;
}

}  // namespace

std::vector<std::string> ssh_arguments(const SshHop& to, const SshHop* jump,
                                       const Terminal& wanted) {
  std::vector<std::string> argv = options(to);
  if (jump != nullptr) {
    std::vector<std::string> hop = options(*jump);
    if (!jump->settings.proxy_command.empty()) {
      option(hop, "ProxyCommand=" + jump->settings.proxy_command);
    }
    const std::string way = quoted(hop) + " -l " + shell_quote(jump->settings.user) + " -W ";
    option(argv, "ProxyCommand=" + without_tokens(way) + "[%h]:%p -- " +
                     without_tokens(shell_quote(jump->settings.host)));
  } else if (!to.settings.proxy_command.empty()) {
    option(argv, "ProxyCommand=" + to.settings.proxy_command);
  }
  if (!wanted.forwards.empty()) option(argv, "ExitOnForwardFailure=yes");
  for (const auto& [local, remote] : wanted.forwards) {
    argv.insert(argv.end(), {"-L", "127.0.0.1:" + std::to_string(local) +
                                       ":127.0.0.1:" + std::to_string(remote)});
  }
  argv.push_back(wanted.tty ? "-tt" : "-T");
  argv.insert(argv.end(), {"-l", to.settings.user, "--", to.settings.host});
  if (!wanted.line.empty()) argv.push_back(wanted.line);
  return argv;
}

}  // namespace rayctl
