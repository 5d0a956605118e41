#include "providers/kubernetes/pod_exec.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "net/url_text.h"
#include "providers/kubernetes/channels.h"

namespace rayctl::kubernetes {
namespace {

// Small: between us and the program queues are counted in pieces.
constexpr std::size_t kPiece = 8U << 10;
// How much of an input may be on its way to the API server: so many pings, one for each part.
constexpr std::size_t kPart = 512U << 10;
constexpr int kParts = 4;
constexpr Millis kPing{10'000}, kDead{45'000}, kLook{1'000};
constexpr int kFirstVersion = 30;  ///< 1.30, the first with v5.channel.k8s.io

/// A program's standard input, in messages.
class Feed {
 public:
  explicit Feed(const Command& command) : command_(command) {}
  /// The next message; nothing after the last, which ends the input.
  std::optional<std::string> next() {
    if (ended_) return std::nullopt;
    if (done_ < command_.input.size()) {
      const std::string_view piece = std::string_view(command_.input).substr(done_, kPiece);
      done_ += piece.size();
      return on_channel(Channel::kIn, piece);
    }
    if (command_.stream) {
      std::string piece(kPiece, '\0');
      piece.resize(command_.stream->read(piece.data(), piece.size()));
      if (!piece.empty()) return on_channel(Channel::kIn, piece);
    }
    ended_ = true;
    return end_of_input();
  }

 private:
  const Command& command_;
  std::size_t done_ = 0;
  bool ended_ = false;
};

/// One exec that is under way.
class Run {
 public:
  Run(WebSocket& socket, const Command& command, const OutputSink& sink,
      const std::function<bool()>& enough, Clock& clock)
      : socket_(socket), feed_(command), sink_(sink), enough_(enough), clock_(clock) {}

  Result<int> wait(Time deadline) {
    for (Time ping = clock_.now() + kPing;;) {
      if (Result<> fed = feed(); !fed) return lost(fed.error());
      if (Result<bool> more = hear(); !more) {
        return lost(more.error());
      } else if (!*more) {
        break;
      }
      const Time now = clock_.now();
      if (now >= deadline) {
        socket_.close();
        return unknown_outcome(ErrorCode::kCommandFailed, "it did not end in time");
      }
      // While it takes no input it answers no ping either.
      const bool taken = socket_.unsent() == 0 && socket_.pongs() >= part_ping_;
      if (taken && socket_.silence() > kDead) {
        return unknown_outcome(ErrorCode::kConnectionLost, "the API server is silent");
      }
      if (now >= ping) {
        ping = now + kPing;
        if (Result<> asked = ask(); !asked) return lost(asked.error());
      }
      const bool more_goes = feeding_ && !stalled();
      socket_.wait({}, more_goes ? Millis{0} : std::min<Millis>(kLook, deadline - now));
    }
    socket_.close();
    return left_ ? Result<int>(0) : exit_code(status_);
  }

 private:
  bool stalled() const {
    return socket_.unsent() > 0 || (feeding_ && pings_ - socket_.pongs() >= kParts);
  }

  Result<> ask() {
    ++pings_;
    return socket_.ping();
  }

  /// As much as goes out, for a turn: no more is read than is taken.
  Result<> feed() {
    for (int turn = 0; turn < kTurn && feeding_ && !stalled(); ++turn) {
      std::optional<std::string> message = feed_.next();
      feeding_ = message.has_value();
      if (feeding_) {
        fed_ += message->size();
        if (Result<> sent = socket_.send(std::move(*message)); !sent) return sent;
      }
      if (feeding_ && fed_ < kPart) continue;
      fed_ = 0;
      if (Result<> asked = ask(); !asked) return asked;
      part_ping_ = pings_;
    }
    return {};
  }

  /// All that is there; false once the program has ended.
  Result<bool> hear() {
    for (;;) {
      Result<std::optional<WebSocketMessage>> message = socket_.receive();
      if (!message) return message.error();
      if (!*message) return !socket_.closed();
      const std::string& bytes = (*message)->bytes;
      if (bytes.empty()) continue;
      const std::string_view content = std::string_view(bytes).substr(1);
      switch (static_cast<Channel>(static_cast<unsigned char>(bytes.front()))) {
        case Channel::kOut:
        case Channel::kErr:
          if (!content.empty() && sink_) sink_(content, bytes.front() != kOutByte);
          left_ = enough_ && enough_();
          if (left_) return false;
          break;
        case Channel::kStatus:
          status_ += content;
          if (Json::accept(status_)) return false;
          break;
        default:
          break;
      }
    }
  }

  /// Once the status is there, a broken connection does no harm.
  Result<int> lost(const Error& error) const {
    if (Json::accept(status_)) return exit_code(status_);
    return error;
  }

  static constexpr int kTurn = 64;  ///< messages that go out between two looks at what came
  static constexpr char kOutByte = static_cast<char>(Channel::kOut);
  WebSocket& socket_;
  Feed feed_;
  const OutputSink& sink_;
  const std::function<bool()>& enough_;
  Clock& clock_;
  std::string status_;
  bool feeding_ = true, left_ = false;
  std::size_t fed_ = 0;            ///< since the last ping for a part
  int pings_ = 0, part_ping_ = 0;  ///< sent, and the number of the last one for a part
};

ApiCall exec_call(const PodPlace& place, const std::vector<std::string>& argv) {
  ApiCall call;
  call.path = "/api/v1/namespaces/" + percent_encode(place.space) + "/pods/" +
              percent_encode(place.pod) + "/exec";
  for (const std::string& word : argv)
    call.query.emplace_back("command", word);
  if (!place.container.empty()) call.query.emplace_back("container", place.container);
  for (const char* stream : {"stdin", "stdout", "stderr"})
    call.query.emplace_back(stream, "true");
  call.expected = {400, 403, 404};
  return call;
}

/// Why no WebSocket was opened.
Error refusal(Api& api, const ApiCall& call, const ApiStatus& status, Time deadline) {
  if (!status.given) {
    if (auto old = too_old(api, kFirstVersion, "exec over WebSockets", deadline)) return *old;
  }
  Error error = error_of(doing_of("GET", call.path, {}), status, true);
  if (status.code == 404 || status.code == 400)
    error = transient(ErrorCode::kContainerFailed, error.message);
  return error;
}

}  // namespace

std::optional<Error> too_old(Api& api, int minor, const std::string& what, Time deadline) {
  const Result<ApiAnswer> version = api.call({.path = "/version"}, deadline);
  if (!version || !version->body.is_object()) return std::nullopt;
  // "29+" at some clouds.
  const std::string said = version->body.value("minor", "");
  const std::string major = version->body.value("major", "");
  if (said.empty() || major != "1" || std::atoi(said.c_str()) >= minor) return std::nullopt;
  return permanent(ErrorCode::kNotSupported, what + " needs Kubernetes 1." + std::to_string(minor) +
                                                 ", and the server has " +
                                                 version->body.value("gitVersion", "1." + said));
}

PodExec pod_exec(Api& api, PodPlace place, Clock& clock) {
  return [&api, place = std::move(place), &clock](
             const Command& command, Time deadline, const OutputSink& sink,
             const std::function<bool()>& enough) -> Result<CommandOutput> {
    const ApiCall call = exec_call(place, command.argv);
    Result<ApiSocket> opened = api.open(call, kExecProtocol, deadline);
    if (!opened) return opened.error();
    if (!opened->socket) return refusal(api, call, opened->refusal.failed, deadline);
    if (opened->socket->protocol() != kExecProtocol) {
      if (auto old = too_old(api, kFirstVersion, "exec over WebSockets", deadline)) return *old;
      return permanent(ErrorCode::kNotSupported,
                       "exec over WebSockets needs Kubernetes 1.30: the server does not speak " +
                           std::string(kExecProtocol));
    }
    const Result<int> code = Run(*opened->socket, command, sink, enough, clock).wait(deadline);
    if (!code) return code.error();
    CommandOutput output;
    output.exit_code = *code;
    return output;
  };
}

}  // namespace rayctl::kubernetes
