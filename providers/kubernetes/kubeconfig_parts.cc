#include "providers/kubernetes/kubeconfig_parts.h"

#include <unistd.h>

#include <cctype>
#include <filesystem>

#include "base/files.h"
#include "base/text.h"
#include "net/ssh_key.h"

namespace rayctl::kubernetes {
namespace {

constexpr char kPluginGroup[] = "client.authentication.k8s.io/";

Json member(const Part& part, const char* key) {
  const auto found = part.body.find(key);
  return found == part.body.end() ? Json() : *found;
}

bool truth_of(const Part& part, const char* key, Problems& problems) {
  const Json value = member(part, key);
  if (value.is_boolean()) return value;
  if (!value.is_null())
    problems.add(part.file, part.title + ": `" + key + "` is neither true nor false", "");
  return false;
}

/// What a file's name means: what is relative starts at the kubeconfig's folder.
std::string path_of(const Part& part, const std::string& name) {
  const std::filesystem::path path(name);
  if (name.empty() || path.is_absolute()) return name;
  return (std::filesystem::absolute(part.file).parent_path() / path).lexically_normal().string();
}

/// The file that `key` names; a problem if it cannot be read.
std::string file_of(const Part& part, const char* key, Problems& problems) {
  std::string path = path_of(part, text_of(part, key, problems));
  if (!path.empty() && ::access(path.c_str(), R_OK) != 0) {
    problems.add(part.file, part.title + ": `" + key + "` names " + path + ", which cannot be read",
                 "Put the file there, or correct the path.");
  }
  return path;
}

/// The text that `key` holds in base64.
std::string data_of(const Part& part, const char* key, Problems& problems) {
  const std::string coded = text_of(part, key, problems);
  if (coded.empty()) return "";
  const auto text = from_base64(coded);
  if (!text || text->find("-----BEGIN ") == std::string::npos) {
    problems.add(part.file, part.title + ": `" + key + "` is not PEM in base64",
                 "Copy it anew, or use the key without `-data` with a file.");
    return "";
  }
  return *text;
}

std::vector<std::string> texts_of(const Part& part, const char* key, Problems& problems) {
  std::vector<std::string> all;
  const Json list = member(part, key);
  if (list.is_null()) return all;
  bool sound = list.is_array();
  for (const Json& each : list) {
    sound = sound && each.is_string();
    if (each.is_string()) all.push_back(each);
  }
  if (!sound) problems.add(part.file, part.title + ": `" + key + "` is not a list of texts", "");
  return all;
}

ExecPlugin read_plugin(const Part& part, Problems& problems) {
  ExecPlugin plugin;
  plugin.version = text_of(part, "apiVersion", problems);
  if (plugin.version != std::string(kPluginGroup) + "v1" &&
      plugin.version != std::string(kPluginGroup) + "v1beta1") {
    problems.add(part.file,
                 part.title + ": apiVersion `" + plugin.version + "` of the plugin is not known",
                 "Use a plugin of client.authentication.k8s.io/v1 or v1beta1.");
  }
  plugin.command = text_of(part, "command", problems);
  if (plugin.command.empty()) {
    problems.add(part.file, part.title + ": the plugin has no command", "Name its program.");
  } else if (plugin.command.find('/') != std::string::npos) {
    plugin.command = path_of(part, plugin.command);
  }
  plugin.args = texts_of(part, "args", problems);
  plugin.install_hint = text_of(part, "installHint", problems);
  plugin.give_cluster = truth_of(part, "provideClusterInfo", problems);
  if (text_of(part, "interactiveMode", problems) == "Always") {
    problems.add(part.file, part.title + ": the plugin asks on a terminal",
                 "Log in with it first and use a plugin that does not ask.");
  }
  const Json env = member(part, "env");
  for (const Json& each : env.is_array() ? env : Json::array()) {
    if (each.is_object() && each.contains("name") && each["name"].is_string() &&
        each.contains("value") && each["value"].is_string()) {
      plugin.env[each["name"]] = each["value"];
    } else {
      problems.add(part.file, part.title + ": an entry of the plugin's `env` lacks name or value",
                   "");
    }
  }
  return plugin;
}

std::string header_name(const std::string& key) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string name = "Impersonate-Extra-";
  for (const char c : key) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '.' || c == '_') {
      name += c;
    } else {
      name += std::string("%") + kDigits[byte >> 4U] + kDigits[byte & 0xfU];
    }
  }
  return name;
}

void read_impersonation(const Part& part, User& user, Problems& problems) {
  const std::string name = text_of(part, "as", problems), uid = text_of(part, "as-uid", problems);
  if (!name.empty()) user.impersonate.emplace_back("Impersonate-User", name);
  if (!uid.empty()) user.impersonate.emplace_back("Impersonate-Uid", uid);
  for (const std::string& group : texts_of(part, "as-groups", problems))
    user.impersonate.emplace_back("Impersonate-Group", group);
  const Json extra = member(part, "as-user-extra");
  if (!extra.is_object()) return;
  const Part inner{part.title + ", as-user-extra", part.file, extra};
  for (const auto& [key, values] : extra.items()) {
    for (const std::string& value : texts_of(inner, key.c_str(), problems))
      user.impersonate.emplace_back(header_name(key), value);
  }
}

}  // namespace

void Problems::add(const std::string& file, std::string summary, std::string remedy) {
  Diagnostic problem;
  problem.summary = std::move(summary);
  problem.remedy = std::move(remedy);
  if (!file.empty()) problem.where = Source{.file = file};
  problem.code = ErrorCode::kCredentials;
  list.push_back(std::move(problem));
}

std::string text_of(const Part& part, const char* key, Problems& problems) {
  const Json value = member(part, key);
  if (value.is_string()) return value;
  if (!value.is_null()) problems.add(part.file, part.title + ": `" + key + "` is not a text", "");
  return "";
}

Cluster read_cluster(const Part& part, Problems& problems) {
  Cluster cluster;
  cluster.server = text_of(part, "server", problems);
  while (cluster.server.ends_with('/'))
    cluster.server.pop_back();
  if (!cluster.server.starts_with("https://") && !cluster.server.starts_with("http://")) {
    problems.add(part.file, part.title + " has no server with http:// or https://",
                 "Write `server: https://HOST:PORT`.");
  }
  cluster.ca = data_of(part, "certificate-authority-data", problems);
  const std::string file = file_of(part, "certificate-authority", problems);
  if (cluster.ca.empty() && !file.empty()) {
    constexpr std::size_t kLargest = 1U << 20;
    if (const Result<std::string> text = read_file(file, kLargest); text) cluster.ca = *text;
  }
  cluster.server_name = text_of(part, "tls-server-name", problems);
  cluster.proxy = text_of(part, "proxy-url", problems);
  if (!cluster.proxy.empty() && !cluster.proxy.starts_with("http://") &&
      !cluster.proxy.starts_with("https://") && !cluster.proxy.starts_with("socks5://")) {
    problems.add(part.file, part.title + ": proxy-url is neither http://, https:// nor socks5://",
                 "");
  }
  cluster.insecure = truth_of(part, "insecure-skip-tls-verify", problems);
  if (cluster.insecure && !cluster.ca.empty()) {
    problems.add(part.file, part.title + " has certificates and insecure-skip-tls-verify",
                 "Leave one of them out.");
  }
  const Json extensions = member(part, "extensions");
  for (const Json& each : extensions.is_array() ? extensions : Json::array()) {
    if (each.is_object() && each.value("name", Json()) == std::string(kPluginGroup) + "exec")
      cluster.exec_config = each.value("extension", Json());
  }
  return cluster;
}

User read_user(const Part& part, Problems& problems) {
  User user;
  user.certificate = data_of(part, "client-certificate-data", problems);
  user.key = data_of(part, "client-key-data", problems);
  if (user.certificate.empty())
    user.certificate_file = file_of(part, "client-certificate", problems);
  if (user.key.empty()) user.key_file = file_of(part, "client-key", problems);
  const bool certificate = !user.certificate.empty() || !user.certificate_file.empty();
  const bool key = !user.key.empty() || !user.key_file.empty();
  if (certificate != key) {
    problems.add(part.file,
                 part.title + (key ? " has a key without a certificate"
                                   : " has a certificate without a key"),
                 "Give both, or neither.");
  }
  user.token = text_of(part, "token", problems);
  user.token_file = file_of(part, "tokenFile", problems);
  user.username = text_of(part, "username", problems);
  user.password = text_of(part, "password", problems);
  if (const Json exec = member(part, "exec"); exec.is_object())
    user.exec = read_plugin({part.title, part.file, exec}, problems);
  if (const Json old = member(part, "auth-provider"); old.is_object()) {
    problems.add(part.file, part.title + " has an auth-provider, which Kubernetes gave up",
                 "Use the exec plugin of your cloud or login service.");
  }
  read_impersonation(part, user, problems);
  return user;
}

}  // namespace rayctl::kubernetes
