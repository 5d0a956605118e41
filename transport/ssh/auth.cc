#include "transport/ssh/auth.h"

#include <libssh2.h>

#include <memory>

#include "base/files.h"
#include "base/text.h"

namespace rayctl {
namespace {

constexpr std::size_t kLargestKey = 1U << 16;

// What became of one key, in words, or nothing when it opened the door.
struct Attempt {
  bool in = false;
  bool over = false;  // the connection is gone: further keys make no sense
  std::string said;
};

Attempt judge(const SshWire& wire, int result, const std::string& refusal) {
  if (result == 0) return {true, false, ""};
  const bool over = wire.ended() || result == LIBSSH2_ERROR_TIMEOUT ||
                    result == LIBSSH2_ERROR_SOCKET_DISCONNECT ||
                    result == LIBSSH2_ERROR_SOCKET_RECV || result == LIBSSH2_ERROR_SOCKET_SEND;
  if (result == LIBSSH2_ERROR_TIMEOUT) return {false, true, "no answer in time"};
  if (over) return {false, true, "the node closed the connection"};
  if (result == LIBSSH2_ERROR_AUTHENTICATION_FAILED ||
      result == LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED) {
    return {false, false, refusal};
  }
  return {false, false, "not usable (" + wire.last_error() + ")"};
}

// The time that a person takes to answer is added to the deadline.
Attempt try_file(SshWire& wire, const SshSettings& settings, const std::string& file,
                 Time& deadline) {
  const Result<std::string> key = read_file(file, kLargestKey);
  if (!key) return {false, false, "cannot be read"};
  std::string passphrase;
  if (key_is_encrypted(*key)) {
    if (!settings.passphrase) return {false, false, "is encrypted and there is nobody to ask"};
    const Time asked = ssh_now();
    std::optional<std::string> given = settings.passphrase(file);
    deadline += ssh_now() - asked;
    if (!given) return {false, false, "is encrypted and no passphrase was given"};
    passphrase = std::move(*given);
  }
  const int result = wire.drive(
      [&] {
        return libssh2_userauth_publickey_frommemory(wire.session(), settings.user.data(),
                                                     settings.user.size(), nullptr, 0, key->data(),
                                                     key->size(), passphrase.c_str());
      },
      deadline);
  const bool unreadable = result == LIBSSH2_ERROR_FILE || result == LIBSSH2_ERROR_PROTO ||
                          result == LIBSSH2_ERROR_KEYFILE_AUTH_FAILED;
  if (unreadable && !passphrase.empty() && !wire.ended()) {
    return {false, false, "not usable: wrong passphrase, or not a private key"};
  }
  return judge(wire, result, "refused");
}

struct AgentCloser {
  void operator()(LIBSSH2_AGENT* agent) const {
    libssh2_agent_disconnect(agent);
    libssh2_agent_free(agent);
  }
};

Attempt try_agent(SshWire& wire, const SshSettings& settings, Time deadline) {
  const std::unique_ptr<LIBSSH2_AGENT, AgentCloser> agent(libssh2_agent_init(wire.session()));
  if (!agent) return {false, false, "cannot be used"};
  libssh2_agent_set_identity_path(agent.get(), settings.agent_socket.c_str());
  if (libssh2_agent_connect(agent.get()) != 0) return {false, false, "does not answer"};
  if (libssh2_agent_list_identities(agent.get()) != 0) return {false, false, "lists no keys"};
  std::size_t count = 0;
  libssh2_agent_publickey *key = nullptr, *previous = nullptr;
  while (libssh2_agent_get_identity(agent.get(), &key, previous) == 0) {
    ++count;
    const int result = wire.drive(
        [&] { return libssh2_agent_userauth(agent.get(), settings.user.c_str(), key); }, deadline);
    const Attempt attempt = judge(wire, result, "refused");
    if (attempt.in) return attempt;
    if (attempt.over) return {false, true, plural(count, "key") + ", then " + attempt.said};
    previous = key;
  }
  if (count == 0) return {false, false, "holds no keys"};
  return {false, false, plural(count, "key") + " refused"};
}

}  // namespace

bool key_is_encrypted(std::string_view key) {
  constexpr std::string_view kOpenSsh = "-----BEGIN OPENSSH PRIVATE KEY-----";
  // "openssh-key-v1", a zero byte, and a cipher of the name "none", in base64.
  constexpr std::string_view kPlain = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU";
  const std::size_t begin = key.find(kOpenSsh);
  if (begin != std::string_view::npos) {
    const std::string body = trim(key.substr(begin + kOpenSsh.size()));
    return !body.starts_with(kPlain);
  }
  return key.find("ENCRYPTED") != std::string_view::npos;
}

Result<> ssh_log_in(SshWire& wire, const SshSettings& settings, Time deadline) {
  std::vector<std::string> tried;
  Attempt attempt;
  for (const std::string& file : settings.key_files) {
    attempt = try_file(wire, settings, file, deadline);
    if (attempt.in) return {};
    tried.push_back("key " + file + ": " + attempt.said);
    if (attempt.over) break;
  }
  if (!attempt.over && !settings.agent_socket.empty()) {
    attempt = try_agent(wire, settings, deadline);
    if (attempt.in) return {};
    tried.push_back("agent: " + attempt.said);
  }
  if (tried.empty()) tried.push_back("no key file and no agent was given");
  const std::string message = "cannot log in as " + address_of(settings) + ": " + join(tried, "; ");
  // A node that hangs up amid the keys has counted too many, or is going down: only the former
  // lasts, and it looks the same.
  return ssh_now() >= deadline ? transient(ErrorCode::kConnectionLost, message)
                               : permanent(ErrorCode::kCredentials, message);
}

}  // namespace rayctl
