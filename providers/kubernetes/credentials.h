#pragma once
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "providers/kubernetes/target.h"

namespace rayctl::kubernetes {

/// Who we are for one API server. Never printed but for `source`.
struct Login {
  std::string certificate, key;  ///< PEM; both or neither
  std::string authorization;     ///< of the header; "" for none
  std::optional<Time> expires;   ///< none: it lasts until it is refused
  std::string source;            ///< where it is from, for people: "user `dev` of ~/.kube/config"
  bool operator==(const Login&) const = default;
};

/// Runs a program, without a shell and without a terminal, with this environment, and gives its
/// standard output; fails if it cannot be started, ends with another status than 0, or is not done
/// at the deadline. From any thread.
using RunPlugin = std::function<Result<std::string>(const std::vector<std::string>& argv,
                                                    const Environment& env, Time deadline)>;

/// What a target's user needs to log in with.
struct LoginPlaces {
  Target target;
  Environment env;  ///< PATH, and what plugins get
  RunPlugin run;    ///< for plugins; without it they are an error
  Clock* clock = nullptr;
};

/// Credentials that are looked up at the first call, and again when they have expired (a plugin's),
/// when a minute has passed (those in files), and after reject(). Thread-safe; one look-up at a
/// time.
class Logins {
 public:
  explicit Logins(LoginPlaces places) : places_(std::move(places)) {}
  /// kPermanent, kCredentials if there are none: with what to do.
  Result<Login> get(Time deadline);
  /// The server refused these: the next get() looks anew, unless somebody already has.
  void reject(const Login& refused);

 private:
  Result<Login> look(Time deadline) const;
  bool is_fresh(Time now) const;

  const LoginPlaces places_;
  std::mutex mutex_;
  std::optional<Login> held_;
  Time looked_{};
};

/// Runs the plugin and reads its answer.
/// https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
Result<Login> run_plugin(const LoginPlaces& places, Time deadline);

/// KUBERNETES_EXEC_INFO for a plugin. Pure.
Json plugin_question(const ExecPlugin& plugin, const Cluster& cluster);
/// A plugin's answer; `source` for messages. Pure.
Result<Login> read_plugin_answer(const std::string& output, const ExecPlugin& plugin,
                                 const std::string& source);

}  // namespace rayctl::kubernetes
