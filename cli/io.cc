#include "cli/io.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "cli/autoscale/program_files.h"

namespace rayctl {
namespace {

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

std::pair<int, int> window() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
    return {size.ws_col, size.ws_row};
  }
  return {80, 24};
}

}  // namespace

Io system_io() {
  return {.out = std::cout,
          .err = std::cerr,
          .in = std::cin,
          .env = environment,
          .in_terminal = isatty(STDIN_FILENO) == 1,
          .out_terminal = isatty(STDOUT_FILENO) == 1,
          .err_terminal = isatty(STDERR_FILENO) == 1,
          .size = window};
}

std::string this_program(const char* called) {
  std::error_code problem;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", problem);
  if (problem) return called;
  // Started by its own loader, it is started again by the script that names both.
  const Result<ProgramFiles> files = running_program();
  if (files && files->loader == program) return (files->program.parent_path() / kRunFile).string();
  return program.string();
}

bool wants_color(const Io& io, bool terminal) {
  if (io.env("NO_COLOR")) return false;
  if (auto forced = io.env("CLICOLOR_FORCE"); forced && *forced != "0") return true;
  if (auto forced = io.env("FORCE_COLOR"); forced && *forced != "0") return true;
  if (io.env("TERM").value_or("") == "dumb" || io.env("CLICOLOR").value_or("") == "0") return false;
  return terminal;
}

bool unattended(const Io& io) {
  return !io.in_terminal || io.env("CI").has_value();
}

}  // namespace rayctl
