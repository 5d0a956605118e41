#include "tests/hosts/private_network.h"

namespace rayctl {

PrivateNetwork::PrivateNetwork(const std::string& head, const std::vector<std::string>& workers)
    : io_(system_io()) {
  io_.env = [](const std::string&) { return std::nullopt; };
  config.cluster = {"lab"};
  config.provider = {"local"};
  config.provider_settings = {{"head_ip", lab::address(head)}, {"worker_ips", Json::array()}};
  lab::authorize(head, lab::usual_key());
  for (const std::string& worker : workers) {
    lab::authorize(worker, lab::usual_key());
    config.provider_settings["worker_ips"].push_back(lab::address(worker));
  }
  config.auth = {{"ssh_user", "ubuntu"}, {"ssh_private_key", lab::usual_key()}};
  config.rayctl.ssh.connect_timeout_s = 3;
}

ProviderParts& PrivateNetwork::parts() {
  if (!parts_) {
    Result<ProviderParts> made = make_private_hosts({.config = config,
                                                     .state_root = {},
                                                     .program = "rayctl",
                                                     .io = io_,
                                                     .clock = clock_,
                                                     .store = store_});
    EXPECT_TRUE(made) << made.error().message;
    parts_ = std::make_unique<ProviderParts>(*std::move(made));
  }
  return *parts_;
}

Result<std::vector<CloudNode>> PrivateNetwork::create(bool head, int count,
                                                      const std::string& token) {
  NodeSpec spec;
  spec.type = {head ? "main" : "cpu"};
  spec.head = head;
  why_fewer.clear();
  LaunchRequest request{
      .cluster = config.cluster, .spec = &spec, .token = {token}, .why_fewer = &why_fewer};
  for (int i = 1; i <= count; ++i)
    request.nodes.push_back({spec.type.text + "-" + std::to_string(i)});
  request.tags = launch_tags(config.cluster, {"id"}, spec, {token});
  return parts().provider->create(request, soon());
}

Result<std::vector<CloudNode>> PrivateNetwork::list() {
  return parts().provider->list(config.cluster, soon());
}

CloudNode PrivateNetwork::machine(const std::string& address) {
  const Result<std::vector<CloudNode>> nodes = list();
  EXPECT_TRUE(nodes) << nodes.error().message;
  if (!nodes) return {};
  for (const CloudNode& node : *nodes) {
    if (node.id.text == address) return node;
  }
  return {};
}

std::string PrivateNetwork::output(const std::string& address, const std::string& line) {
  const auto runner =
      parts().access->runner({.id = {address}, .power = Power::kRunning, .internal_ip = address});
  EXPECT_TRUE(runner) << runner.error().message;
  if (!runner) return "";
  const Result<CommandOutput> ran = (*runner)->run(sh(line), soon());
  EXPECT_TRUE(ran) << ran.error().message;
  return ran ? ran->out : "";
}

void clear_hosts() {
  for (const char* node : {"n1", "n2", "n3", "p1"}) {
    lab::shell("rm -rf " + (lab::folder() / node / "home").string() + "/*/.rayctl");
    lab::authorize(node, lab::usual_key());
  }
}

}  // namespace rayctl
