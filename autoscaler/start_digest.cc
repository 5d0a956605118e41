#include "autoscaler/start_digest.h"

#include <utility>

#include "base/digest.h"

namespace rayctl {

std::string start_digest(const Config& config, const NodeTypeConfig& type) {
  Json mounts = Json::object();
  for (const FileMountConfig& mount : config.file_mounts)
    mounts[mount.remote] = mount.local;
  const Json all = {type.node_config,
                    type.docker,
                    type.initialization_commands,
                    type.worker_setup_commands,
                    config.worker_start_ray_commands,
                    config.provider_settings,
                    Json(type.resources),
                    Json(type.labels),
                    std::move(mounts)};
  return short_digest(all.dump(-1, ' ', true, Json::error_handler_t::replace));
}

}  // namespace rayctl
