#pragma once
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>

namespace rayctl {

/// What a command may talk to: its streams and what is known of them. Tests hand over their own.
/// `out` carries results only; everything that is talk goes to `err`.
struct Io {
  std::ostream& out;
  std::ostream& err;
  std::istream& in;
  /// A variable of the environment; nullopt when it is unset or empty.
  std::function<std::optional<std::string>(const std::string& name)> env;
  bool in_terminal = false, out_terminal = false, err_terminal = false;
  /// Columns and rows of the terminal behind `err`; asked each time, because windows change.
  std::function<std::pair<int, int>()> size = [] { return std::pair(80, 24); };
};

/// The process's own streams and environment.
Io system_io();

/// The file that this process runs, for starting it again; what it is called when /proc is not
/// there.
std::string this_program(const char* called);

/// True if a stream should carry colour: it is a terminal or FORCE_COLOR / CLICOLOR_FORCE says so,
/// and neither NO_COLOR nor TERM=dumb nor CLICOLOR=0 says otherwise. NO_COLOR wins
/// (https://no-color.org).
bool wants_color(const Io& io, bool terminal);

/// True when nobody can be asked: standard input is no terminal, or CI is set.
bool unattended(const Io& io);

}  // namespace rayctl
