#include "transport/ssh/ssh_connection.h"

#include <libssh2.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "transport/ssh/auth.h"
#include "transport/ssh/dial.h"
#include "transport/ssh/session_loop.h"
#include "transport/ssh/ssh_forward.h"
#include "transport/ssh/tunnel_stream.h"

namespace rayctl {
namespace {

constexpr Millis kKillingTime{3000};  // for a command that kills another one

Result<> make_pair(Fd& one, Fd& other) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
    return transient(ErrorCode::kConnectionLost,
                     std::string("cannot make a socket: ") + std::strerror(errno));
  }
  one.reset(ends[0]);
  other.reset(ends[1]);
  return {};
}

// Key types that we accept, the one that is pinned first: a node has several and shows one.
std::string key_types(const std::string& pinned) {
  const std::string rsa = "rsa-sha2-512,rsa-sha2-256";
  std::string types = pinned == "ssh-rsa" ? rsa : pinned;
  if (!types.empty()) types += ",";
  return types + "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521," + rsa;
}

std::string type_name(int type) {
  switch (type) {
    case LIBSSH2_HOSTKEY_TYPE_RSA:
      return "ssh-rsa";
    case LIBSSH2_HOSTKEY_TYPE_ECDSA_256:
      return "ecdsa-sha2-nistp256";
    case LIBSSH2_HOSTKEY_TYPE_ECDSA_384:
      return "ecdsa-sha2-nistp384";
    case LIBSSH2_HOSTKEY_TYPE_ECDSA_521:
      return "ecdsa-sha2-nistp521";
    case LIBSSH2_HOSTKEY_TYPE_ED25519:
      return "ssh-ed25519";
    default:
      return "unknown";
  }
}

HostKey key_of(LIBSSH2_SESSION* session) {
  std::size_t size = 0;
  int type = 0;
  libssh2_session_hostkey(session, &size, &type);
  const char* digest = libssh2_hostkey_hash(session, LIBSSH2_HOSTKEY_HASH_SHA256);
  constexpr std::size_t kSize = 32;
  return {type_name(type),
          digest == nullptr ? "" : fingerprint_text(std::string_view(digest, kSize))};
}

}  // namespace

std::string address_of(const SshSettings& settings) {
  return settings.user + "@" + settings.host + ":" + std::to_string(settings.port);
}

SshConnection::SshConnection(SshSettings settings, std::shared_ptr<HostKeys> host_keys)
    : settings_(std::move(settings)), host_keys_(std::move(host_keys)) {}

SshConnection::~SshConnection() = default;

Result<> SshConnection::connect(Time deadline) {
  Result<std::shared_ptr<SessionLoop>> loop = ensure(deadline);
  if (!loop) return loop.error();
  return {};
}

Result<std::shared_ptr<SessionLoop>> SshConnection::ensure(Time deadline) {
  const auto living = [&]() -> std::shared_ptr<SessionLoop> {
    const std::lock_guard lock(mutex_);
    return loop_ && loop_->alive() ? loop_ : nullptr;
  };
  if (auto loop = living()) return loop;
  const std::unique_lock making(connecting_, deadline);
  if (!making) {
    return transient(ErrorCode::kConnectionLost,
                     "no connection to " + address_of(settings_) + " in time");
  }
  if (auto loop = living()) return loop;
  Result<std::shared_ptr<SessionLoop>> made =
      make(std::min(deadline, ssh_now() + settings_.connect_timeout));
  if (!made) return made;
  const std::lock_guard lock(mutex_);
  loop_ = *made;
  return made;
}

Result<std::shared_ptr<SessionLoop>> SshConnection::make(Time deadline) {
  const std::string address = address_of(settings_);
  auto proxy = std::make_unique<ProxyProcess>();
  Result<Fd> socket = [&]() -> Result<Fd> {
    if (settings_.jump) {
      return settings_.jump->open_stream(settings_.host, settings_.port, deadline);
    }
    if (!settings_.proxy_command.empty()) {
      return proxy->start("exec " + expand_proxy_command(settings_.proxy_command, settings_.host,
                                                         settings_.port, settings_.user));
    }
    return dial_tcp(settings_.host, settings_.port, deadline);
  }();
  if (!socket) {
    return in_context(
        socket.error(),
        "connecting to " + address +
            (settings_.jump ? " through " + address_of(settings_.jump->settings()) : ""));
  }

  auto wire = std::make_unique<SshWire>(std::move(*socket));
  if (wire->session() == nullptr) {
    return permanent(ErrorCode::kInternal, "libssh2 cannot be set up");
  }
  const std::string node = settings_.node.empty()
                               ? settings_.host + ":" + std::to_string(settings_.port)
                               : settings_.node;
  const std::optional<HostKey> pinned = host_keys_->pinned(node);
  libssh2_session_method_pref(wire->session(), LIBSSH2_METHOD_HOSTKEY,
                              key_types(pinned ? pinned->type : "").c_str());
  const int agreed = wire->drive(
      [&] { return libssh2_session_handshake(wire->session(), wire->socket()); }, deadline);
  if (agreed != 0) {
    std::string why = agreed == LIBSSH2_ERROR_TIMEOUT ? "no answer in time" : wire->last_error();
    if (const std::string words = proxy->last_words(); !words.empty()) {
      why += "; the proxy command says: " + words;
    }
    return transient(ErrorCode::kConnectionLost, "no SSH connection to " + address + ": " + why);
  }
  const HostKey key = key_of(wire->session());
  if (pinned) {
    if (Result<> same = check_host_key(node, *pinned, key); !same) return same.error();
  }
  if (Result<> in = ssh_log_in(*wire, settings_, deadline); !in) return in.error();
  if (!pinned) {
    if (Result<> kept = host_keys_->pin(node, key); !kept) return kept.error();
  }
  return std::make_shared<SessionLoop>(std::move(wire), std::move(proxy), settings_);
}

Result<ExecStream::End> SshConnection::exec(ExecRequest request, Time deadline,
                                            const OutputSink& sink) {
  const auto shared = std::make_shared<const ExecRequest>(std::move(request));
  for (bool again = false;; again = true) {
    const Result<std::shared_ptr<SessionLoop>> loop = ensure(deadline);
    if (!loop) return loop.error();
    const auto stream = std::make_shared<ExecStream>(shared);
    (*loop)->add(stream);
    const auto wake = [&] { (*loop)->wake(); };
    const auto kill = [&](int group) {
      ExecRequest line{"kill -KILL -" + std::to_string(group), "no mark", "", nullptr};
      const auto killer =
          std::make_shared<ExecStream>(std::make_shared<const ExecRequest>(std::move(line)));
      (*loop)->add(killer);
      static_cast<void>(killer->wait(ssh_now() + kKillingTime, {}, {wake, {}}));
    };
    Result<ExecStream::End> end = stream->wait(deadline, sink, {wake, kill});
    const bool was_dead = !end && end.error().fault == Fault::kTransient && !(*loop)->alive();
    if (!was_dead || again) return end;
  }
}

Result<Fd> SshConnection::open_stream(const std::string& host, int port, Time deadline) {
  for (bool again = false;; again = true) {
    const Result<std::shared_ptr<SessionLoop>> loop = ensure(deadline);
    if (!loop) return loop.error();
    Fd ours, theirs;
    if (Result<> made = make_pair(ours, theirs); !made) return made.error();
    const auto stream = std::make_shared<TunnelStream>(std::move(theirs), host, port);
    (*loop)->add(stream);
    Result<> opened = stream->wait_open(deadline);
    if (opened) return ours;
    if ((*loop)->alive() || again) return opened.error();
  }
}

void SshConnection::join(Fd socket, const std::string& host, int port, Time deadline,
                         const std::function<void(Fd)>& lost) {
  const Result<std::shared_ptr<SessionLoop>> loop = ensure(deadline);
  if (!loop) return;
  (*loop)->add(std::make_shared<TunnelStream>(std::move(socket), host, port, lost));
}

Result<std::unique_ptr<SshForward>> SshConnection::open_forward(const std::string& host, int port,
                                                                int local_port) {
  return SshForward::open(*this, host, port, local_port);
}

}  // namespace rayctl
