#pragma once
#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace rayctl {

/// A request as it came over the wire.
struct ReceivedRequest {
  std::string method, target;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::vector<std::string> header_lines;       ///< as they came
  std::string body;
  int connection = 0;  ///< which connection of the server, from 0
};

/// What is answered.
struct ScriptedAnswer {
  enum class Ending {
    kKeep,    ///< the connection stays
    kClose,   ///< closed after the answer, without a word
    kCut,     ///< half of the body is sent, then closed
    kDrop,    ///< closed without an answer
    kSilent,  ///< nothing, until the server ends
  };
  int status = 200;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  Ending ending = Ending::kKeep;
};

/// An HTTP/1.1 server on a port of 127.0.0.1, with a thread per connection.
class LoopbackServer {
 public:
  /// Called from the connections' threads, one at a time.
  using Handler = std::function<ScriptedAnswer(const ReceivedRequest&)>;
  explicit LoopbackServer(Handler handler);
  ~LoopbackServer();
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int port() const { return port_; }
  /// All requests until now.
  std::vector<ReceivedRequest> requests() const;
  int connections() const;

 private:
  void accept_all();
  void serve(int socket, int number);

  Handler handler_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> ending_ = false;
  mutable std::mutex mutex_;
  std::vector<ReceivedRequest> requests_;
  std::vector<int> sockets_;
  std::vector<std::thread> threads_;
  std::thread accepting_;
};

/// A port of 127.0.0.1 that nobody listens on.
int closed_port();

}  // namespace rayctl
