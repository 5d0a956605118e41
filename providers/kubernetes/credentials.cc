#include "providers/kubernetes/credentials.h"

#include <algorithm>

#include "base/files.h"
#include "base/text.h"
#include "net/ssh_key.h"

namespace rayctl::kubernetes {
namespace {

constexpr std::chrono::seconds kFileAge{60};
constexpr std::chrono::seconds kEarly{10};  ///< before it expires
constexpr std::size_t kLargest = 1U << 20;

Result<std::string> content(const std::string& path) {
  Result<std::string> text = read_file(path, kLargest);
  if (text) return text;
  Error error = text.error();
  error.code = ErrorCode::kCredentials;
  return error;
}

std::string source_of(const Target& target) {
  return target.user_name.empty() ? target.source
                                  : "user `" + target.user_name + "` of " + target.source;
}

bool is_from_file(const User& user) {
  return !user.token_file.empty() || !user.certificate_file.empty() || !user.key_file.empty();
}

}  // namespace

bool Logins::is_fresh(Time now) const {
  if (!held_) return false;
  if (held_->expires) return now < *held_->expires - kEarly;
  return !is_from_file(places_.target.user) || (now >= looked_ && now < looked_ + kFileAge);
}

Result<Login> Logins::get(Time deadline) {
  const std::lock_guard lock(mutex_);
  const Time now = places_.clock->now();
  if (is_fresh(now)) return *held_;
  Result<Login> found = look(deadline);
  if (found) {
    held_ = *found;
    looked_ = now;
    return found;
  }
  // A file that is being replaced: what was read last still counts.
  if (held_ && is_from_file(places_.target.user) && !held_->expires) return *held_;
  return found;
}

void Logins::reject(const Login& refused) {
  const std::lock_guard lock(mutex_);
  if (held_ && *held_ == refused) held_.reset();
}

Result<Login> Logins::look(Time deadline) const {
  const User& user = places_.target.user;
  Login login;
  login.source = source_of(places_.target);
  login.certificate = user.certificate;
  login.key = user.key;
  for (const auto& [path, text] : {std::pair{user.certificate_file, &login.certificate},
                                   std::pair{user.key_file, &login.key}}) {
    if (path.empty()) continue;
    Result<std::string> read = content(path);
    if (!read) return in_context(read.error(), login.source);
    *text = std::move(*read);
  }
  std::string token = user.token;
  if (!user.token_file.empty()) {
    const Result<std::string> read = content(user.token_file);
    if (!read) return in_context(read.error(), login.source);
    token = trim(*read);
    if (token.empty()) {
      return permanent(ErrorCode::kCredentials, user.token_file + " holds no token");
    }
  }
  if (!token.empty()) {
    login.authorization = "Bearer " + token;
  } else if (!user.username.empty()) {
    login.authorization = "Basic " + to_base64(user.username + ":" + user.password);
  } else if (user.exec) {
    Result<Login> answer = run_plugin(places_, deadline);
    if (answer && answer->certificate.empty()) {
      answer->certificate = login.certificate;
      answer->key = login.key;
    }
    return answer;
  }
  return login;
}

}  // namespace rayctl::kubernetes
