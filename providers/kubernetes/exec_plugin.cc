#include <unistd.h>

#include "base/files.h"
#include "base/text.h"
#include "model/json_text.h"
#include "net/ssh_key.h"
#include "net/times.h"
#include "providers/kubernetes/credentials.h"

namespace rayctl::kubernetes {
namespace {

constexpr Millis kPluginTime{60'000};

Error plugin_error(const std::string& what) {
  return permanent(ErrorCode::kCredentials, what);
}

bool is_program(const std::string& path) {
  return ::access(path.c_str(), X_OK) == 0;
}

/// The program's path; "" if it is not there.
std::string find_program(const std::string& command, const Environment& env) {
  if (command.find('/') != std::string::npos) return is_program(command) ? command : "";
  const auto path = env.find("PATH");
  if (path == env.end()) return "";
  for (const std::string& folder : split(path->second, ':')) {
    const std::string candidate = folder + "/" + command;
    // As with kubectl, an entry that means the current folder does not count.
    if (folder.starts_with('/') && is_program(candidate)) return candidate;
  }
  return "";
}

}  // namespace

Json plugin_question(const ExecPlugin& plugin, const Cluster& cluster) {
  Json question = {{"kind", "ExecCredential"},
                   {"apiVersion", plugin.version},
                   {"spec", {{"interactive", false}}}};
  if (!plugin.give_cluster) return question;
  Json& told = question["spec"]["cluster"];
  told["server"] = cluster.server;
  if (!cluster.server_name.empty()) told["tls-server-name"] = cluster.server_name;
  if (cluster.insecure) told["insecure-skip-tls-verify"] = true;
  if (!cluster.ca.empty()) told["certificate-authority-data"] = to_base64(cluster.ca);
  if (!cluster.proxy.empty()) told["proxy-url"] = cluster.proxy;
  if (!cluster.exec_config.is_null()) told["config"] = cluster.exec_config;
  return question;
}

Result<Login> read_plugin_answer(const std::string& output, const ExecPlugin& plugin,
                                 const std::string& source) {
  const Json answer = Json::parse(output, nullptr, false);
  if (!answer.is_object() || text_in(answer, "kind") != "ExecCredential") {
    return plugin_error(source + " did not print an ExecCredential");
  }
  if (text_in(answer, "apiVersion") != plugin.version) {
    return plugin_error(source + " answers in " + text_in(answer, "apiVersion") + " and not in " +
                        plugin.version + ", as the kubeconfig says");
  }
  const auto status = answer.find("status");
  if (status == answer.end() || !status->is_object()) {
    return plugin_error(source + " printed no status, and so no credentials");
  }
  Login login;
  login.source = source;
  const std::string token = text_in(*status, "token");
  login.certificate = text_in(*status, "clientCertificateData");
  login.key = text_in(*status, "clientKeyData");
  if (!token.empty()) login.authorization = "Bearer " + token;
  if (login.certificate.empty() != login.key.empty()) {
    return plugin_error(source + " gave only one of a certificate and its key");
  }
  if (token.empty() && login.certificate.empty()) {
    return plugin_error(source + " gave neither a token nor a certificate");
  }
  const std::string expires = text_in(*status, "expirationTimestamp");
  if (!expires.empty()) {
    login.expires = parse_timestamp(expires);
    if (!login.expires) return plugin_error(source + " gave a time that is none: " + expires);
  }
  return login;
}

Result<Login> run_plugin(const LoginPlaces& places, Time deadline) {
  const ExecPlugin& plugin = *places.target.user.exec;
  const std::string source =
      "plugin `" + plugin.command + "` of user `" + places.target.user_name + "`";
  if (!places.run) return plugin_error(source + " cannot be run here");
  Environment env = places.env;
  for (const auto& [name, value] : plugin.env)
    env[name] = value;
  env["KUBERNETES_EXEC_INFO"] = plugin_question(plugin, places.target.cluster).dump();
  const std::string program = find_program(plugin.command, env);
  if (program.empty()) {
    std::string message = source + " is not installed (" + places.target.source + ")";
    if (!plugin.install_hint.empty()) message += ". " + trim(plugin.install_hint);
    return plugin_error(message);
  }
  std::vector<std::string> argv{program};
  argv.insert(argv.end(), plugin.args.begin(), plugin.args.end());
  const Result<std::string> output =
      places.run(argv, env, std::min<Time>(deadline, places.clock->now() + kPluginTime));
  if (!output) {
    Error error = output.error();
    error.code = ErrorCode::kCredentials;
    error.message = source + " failed: " + error.message;
    return error;
  }
  return read_plugin_answer(*output, plugin, source);
}

}  // namespace rayctl::kubernetes
