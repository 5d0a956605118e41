#include "providers/kubernetes/connection.h"

namespace rayctl::kubernetes {

Connection::Connection(LoginPlaces places)
    : target_(places.target), env_(places.env), clock_(*places.clock), logins_(std::move(places)) {}

Result<Line> Connection::line(Time deadline) {
  Result<Login> login = logins_.get(deadline);
  if (!login) return login.error();
  Line line;
  const Cluster& cluster = target_.cluster;
  TlsSettings tls{cluster.ca, login->certificate, login->key, cluster.server_name,
                  cluster.insecure};
  {
    const std::lock_guard lock(mutex_);
    if (!settings_ || settings_->tls != tls) {
      HttpSettings settings;
      settings.env = env_;
      settings.proxy = cluster.proxy;
      settings.tls = std::move(tls);
      settings_ = std::make_shared<const HttpSettings>(settings);
      http_ = make_http_client(std::move(settings), clock_);
    }
    line.http = http_;
    line.settings = settings_;
  }
  line.headers = {{"User-Agent", "rayctl"}, {"Accept", "application/json"}};
  if (!login->authorization.empty())
    line.headers.emplace_back("Authorization", login->authorization);
  for (const auto& header : target_.user.impersonate)
    line.headers.push_back(header);
  line.login = std::move(*login);
  return line;
}

}  // namespace rayctl::kubernetes
