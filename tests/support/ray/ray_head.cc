#include "tests/support/ray/ray_head.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <cstdlib>

#include <chrono>
#include <cstdint>
#include <fstream>
#include <random>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <vector>

#include "base/digest.h"
#include "base/files.h"

namespace rayctl::testing {
namespace {

std::string ray_program() {
  const char* path = std::getenv("RAYCTL_RAY");
  if (path == nullptr || ::access(path, X_OK) != 0) {
    throw std::runtime_error(
        "RAYCTL_RAY names no program: run ./dev test, or source tools/env.sh first");
  }
  return path;
}

// Not one that the system gives to whoever asks for any, as other tests do at the same time: until
// Ray has it, it would be somebody else's.
int free_port() {
  constexpr int kFirst = 20'000, kPorts = 10'000, kTries = 100;
  std::random_device random;
  for (int tries = 0; tries < kTries; ++tries) {
    const int port = kFirst + static_cast<int>(random() % kPorts);
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    const bool ok = ::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::close(socket);
    if (ok) return port;
  }
  throw std::runtime_error("no free port");
}

std::filesystem::path make_folder() {
  std::string path = "/tmp/rayctl-head.XXXXXX";  // short: Ray puts sockets below it
  if (::mkdtemp(path.data()) == nullptr) throw std::runtime_error("cannot make " + path);
  return path;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> result;
  for (std::string& word : words)
    result.push_back(word.data());
  result.push_back(nullptr);
  return result;
}

// Only calls that are safe between fork and exec.
[[noreturn]] void become(char** argv, char** environment, int log) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  ::setsid();
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  ::execve(argv[0], argv, environment);
  ::_exit(127);
}

// The processes of a session, from field 6 of /proc/PID/stat; zombies do not count.
std::vector<pid_t> session_members(pid_t session) {
  std::vector<pid_t> members;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "stat");
    std::string line;
    if (!std::getline(file, line)) continue;
    std::istringstream fields(line.substr(line.rfind(')') + 1));
    char state = '?';
    pid_t parent = 0, group = 0, its_session = 0;
    if (fields >> state >> parent >> group >> its_session && its_session == session &&
        state != 'Z') {
      members.push_back(std::stoi(entry.path().filename()));
    }
  }
  return members;
}

}  // namespace

RayHead::RayHead() : folder_(make_folder()), token_(random_hex(16)), port_(free_port()) {
  const std::string program = ray_program();
  const std::string token_file = folder_ / "token";
  if (!write_file_atomic(token_file, token_)) throw std::runtime_error("cannot write the token");

  std::vector<std::string> arguments = {program,
                                        "start",
                                        "--head",
                                        "--block",
                                        "--no-monitor",
                                        "--node-ip-address=" + ip(),
                                        "--port=" + std::to_string(port_),
                                        "--ray-client-server-port=" + std::to_string(free_port()),
                                        "--include-dashboard=false",
                                        "--include-log-monitor=false",
                                        "--disable-usage-stats",
                                        "--num-cpus=1",
                                        "--num-gpus=0",
                                        "--memory=500000000",
                                        "--object-store-memory=80000000",
                                        "--temp-dir=" + folder_.string()};
  std::vector<std::string> environment = {
      "PATH=" + std::filesystem::path(program).parent_path().string() + ":/usr/bin:/bin",
      "HOME=" + folder_.string(),
      "LANG=C.UTF-8",
      "RAY_USAGE_STATS_ENABLED=0",
      "RAY_AUTH_MODE=token",
      "RAY_AUTH_TOKEN_PATH=" + token_file,
      "RAY_enable_autoscaler_v2=1",
      "RAY_CLOUD_INSTANCE_ID=" + instance(),
      "RAY_NODE_TYPE_NAME=head"};
  const std::vector<char*> argv = pointers(arguments);
  const std::vector<char*> env = pointers(environment);
  const int log =
      ::open((folder_ / "log").c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  pid_ = ::fork();
  if (pid_ == 0) become(const_cast<char**>(argv.data()), const_cast<char**>(env.data()), log);
  ::close(log);
  if (pid_ < 0) throw std::runtime_error("cannot fork");
}

RayHead::~RayHead() {
  stop();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string RayHead::log() const {
  const auto text = read_file(folder_ / "log");
  return text ? *text : text.error().message;
}

int RayHead::stop() {
  if (pid_ == 0) return 0;
  ::kill(pid_, SIGTERM);
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(40);
  std::vector<pid_t> left = session_members(pid_);
  while (!left.empty() && std::chrono::steady_clock::now() < give_up) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    ::waitpid(pid_, nullptr, WNOHANG);
    left = session_members(pid_);
  }
  for (const pid_t member : left)
    ::kill(member, SIGKILL);
  ::waitpid(pid_, nullptr, WNOHANG);
  pid_ = 0;
  return static_cast<int>(left.size());
}

}  // namespace rayctl::testing
