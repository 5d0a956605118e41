#pragma once
#include <sys/types.h>

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "transport/child_process.h"

namespace rayctl {

/// A non-blocking TCP connection; kTransient, kConnectionLost with the reason. Every address of the
/// name is tried. Looking up the name obeys the deadline too.
Result<Fd> dial_tcp(const std::string& host, int port, Time deadline);

/// A program whose standard input and output are one end of a socket. Ended with the object.
class ProxyProcess {
 public:
  ProxyProcess() = default;
  ~ProxyProcess();
  ProxyProcess(const ProxyProcess&) = delete;
  ProxyProcess& operator=(const ProxyProcess&) = delete;

  /// Runs a line by /bin/sh; the non-blocking socket to it.
  Result<Fd> start(const std::string& line);
  /// The last line of its standard error, for messages.
  std::string last_words() const;

 private:
  pid_t pid_ = 0;
  Fd errors_;
};

/// The line with %h, %p, %r and %% replaced; the values are quoted for a shell.
std::string expand_proxy_command(const std::string& line, const std::string& host, int port,
                                 const std::string& user);

}  // namespace rayctl
