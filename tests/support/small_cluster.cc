#include "tests/support/small_cluster.h"

#include "base/digest.h"
#include "base/text.h"

namespace rayctl {
namespace {

Digest digest_of(Desired& desired, const std::string& field, const std::string& value) {
  const Digest digest{short_digest(field + "=" + value)};
  desired.breakdown[digest] = {{field, Digest{short_digest(value)}}};
  return digest;
}

NodeSpec spec_of_type(const std::string& type, bool head) {
  NodeSpec spec;
  spec.type = {type};
  spec.provider = {"fake"};
  spec.head = head;
  spec.launch = {{"machine", "m1"}};
  spec.file_mounts = {{.remote = "~/app", .local = "/src/app", .manifest = {}}};
  spec.file_mounts[0].manifest = manifest_digest(app_files("1"));
  spec.setup_commands = {"install " + type};
  spec.start.resources = {{"CPU", 1}};
  return spec;
}

}  // namespace

Manifest app_files(const std::string& version) {
  return {{{.path = "main.py", .mode = 0644, .size = 1, .content = sha256_hex(version)}}};
}

void seal(Desired& desired) {
  desired.breakdown.clear();
  for (auto& [type, spec] : desired.specs) {
    std::vector<std::string> mounts;
    for (const FileMount& mount : spec.file_mounts) {
      mounts.push_back(mount.remote + mount.manifest.text);
    }
    std::vector<std::string> commands = spec.initialization_commands;
    commands.insert(commands.end(), spec.setup_commands.begin(), spec.setup_commands.end());
    spec.digests = {};
    if (!spec.docker.empty()) {
      spec.digests.docker = digest_of(desired, "docker.image", spec.docker.dump());
    }
    spec.digests.launch = digest_of(desired, "node_config", spec.launch.dump());
    if (!mounts.empty()) {
      spec.digests.files = digest_of(desired, "file_mounts ~/app", join(mounts, ","));
    }
    if (!commands.empty()) {
      spec.digests.setup = digest_of(desired, "setup_commands", join(commands, "\n"));
    }
    spec.digests.start =
        digest_of(desired, "resources",
                  Json(spec.start.resources).dump() + join(spec.start.command, " ") +
                      join(spec.start.commands, "\n"));
  }
  desired.autoscaler = digest_of(desired, "max_workers", "10");
  std::string all;
  for (const auto& [digest, fields] : desired.breakdown)
    all += digest.text;
  for (const auto& [type, count] : desired.want)
    all += type.text + std::to_string(count);
  desired.config = {short_digest(all)};
}

Desired small_cluster(int workers) {
  Desired desired;
  desired.cluster = {"demo"};
  desired.head_type = {"head"};
  for (const bool head : {true, false}) {
    NodeSpec spec = spec_of_type(head ? "head" : "small", head);
    const NodeTypeName type = spec.type;
    desired.specs.emplace(type, std::move(spec));
  }
  desired.want = {{{"head"}, 1}, {{"small"}, workers}};
  seal(desired);
  return desired;
}

}  // namespace rayctl
