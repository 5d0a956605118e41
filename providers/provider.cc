#include "providers/provider.h"

namespace rayctl {

Result<SeenResources> Provider::list_resources(const ResourceScope&, Time) {
  return SeenResources{};
}

Result<SeenResource> Provider::make_resource(const ResourceScope&, const ResourceSpec& spec, Time) {
  return permanent(ErrorCode::kNotSupported,
                   "provider " + spec.provider.text + " has no resource " + spec.name.text);
}

Result<> Provider::remove_resource(const ResourceScope&, const ResourceName&, Time) {
  return {};
}

Result<std::map<std::string, std::string>> Provider::resolve_images(
    std::vector<Json*>,  // NOLINT(performance-unnecessary-value-param): for those who change it
    const std::map<std::string, std::string>&, Time) {
  return std::map<std::string, std::string>();
}

Result<Json> Provider::launch_config(const Json& node_config, bool, Time) {
  return node_config;
}

Result<std::vector<std::map<std::string, double>>> Provider::machine_resources(
    const std::vector<Json>& node_configs, Time) {
  return std::vector<std::map<std::string, double>>(node_configs.size());
}

Result<std::unique_ptr<PortForward>> NodeAccess::forward(const CloudNode& node, int, int) {
  return permanent(ErrorCode::kNotSupported,
                   "no port is forwarded to " + node.id.text + ": it is on this machine");
}

Result<std::vector<std::string>> NodeAccess::terminal(const CloudNode& node, const Terminal&) {
  return permanent(ErrorCode::kNotSupported, "there is no terminal on " + node.id.text);
}

}  // namespace rayctl
