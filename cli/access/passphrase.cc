#include "cli/access/passphrase.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <map>
#include <memory>
#include <mutex>

#include "transport/child_process.h"

namespace rayctl {
namespace {

struct Answers {
  std::mutex mutex;
  std::map<std::string, std::optional<std::string>> by_file;
};

void say(int terminal, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(terminal, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::optional<std::string> read_line(int terminal) {
  std::string line;
  for (char c = 0; ::read(terminal, &c, 1) == 1;) {
    if (c == '\n') return line;
    line += c;
  }
  return std::nullopt;
}

std::optional<std::string> ask_at_terminal(const std::string& file) {
  const Fd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  termios usual{};
  if (!terminal || ::tcgetattr(terminal.get(), &usual) != 0) return std::nullopt;
  termios silent = usual;
  silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  ::tcsetattr(terminal.get(), TCSAFLUSH, &silent);
  say(terminal.get(), "Passphrase of " + file + ": ");
  std::optional<std::string> line = read_line(terminal.get());
  ::tcsetattr(terminal.get(), TCSAFLUSH, &usual);
  say(terminal.get(), "\n");
  return line;
}

}  // namespace

PassphraseSource passphrase_from_terminal(const Io& io) {
  if (unattended(io)) return {};
  return [answers =
              std::make_shared<Answers>()](const std::string& file) -> std::optional<std::string> {
    const std::lock_guard lock(answers->mutex);
    const auto known = answers->by_file.find(file);
    if (known != answers->by_file.end()) return known->second;
    return answers->by_file[file] = ask_at_terminal(file);
  };
}

}  // namespace rayctl
