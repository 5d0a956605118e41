#include "providers/process/process_provider.h"

#include <csignal>
#include <thread>

#include "base/files.h"
#include "base/text.h"
#include "providers/process/environment.h"
#include "providers/process/reap.h"

namespace rayctl::process {
namespace {

constexpr Millis kPause{20};
constexpr Millis kReapGrace{30'000};  // for what an ended supervisor left behind
constexpr Millis kStuck{50'000};      // after that a supervisor that should end is killed
constexpr Millis kBirth{5'000};       // for all that are being made while a list is asked for

Time now() {
  return std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now());
}

std::map<std::string, std::string> env_of(const Json& launch) {
  std::map<std::string, std::string> env;
  const auto section = launch.find("env");
  if (section == launch.end() || !section->is_object()) return env;
  for (const auto& [key, value] : section->items())
    env[key] = value.is_string() ? value.get<std::string>() : value.dump();
  return env;
}

}  // namespace

ProcessProvider::ProcessProvider(ProcessSettings settings, std::shared_ptr<NodeRoot> root)
    : settings_(std::move(settings)), root_(std::move(root)) {}

Result<std::vector<CloudNode>> ProcessProvider::list(const ClusterName& cluster, Time) {
  Result<std::vector<NodeFolder>> folders = root_->folders(cluster);
  if (!folders) return folders.error();
  std::vector<CloudNode> nodes;
  const Time patience = now() + kBirth;
  for (const NodeFolder& folder : *folders) {
    std::optional<CloudNode> node = folder.look();
    // Who makes it may have been killed after its supervisor began to live.
    for (; !node && folder.exists() && now() < patience; node = folder.look())
      std::this_thread::sleep_for(kPause);
    if (node) nodes.push_back(*std::move(node));
  }
  return nodes;
}

Result<std::vector<NodeFolder>> ProcessProvider::of_token(const LaunchRequest& request) const {
  Result<std::vector<NodeFolder>> folders = root_->folders(request.cluster);
  if (!folders) return folders.error();
  std::erase_if(*folders, [&](const NodeFolder& folder) {
    const Tags tags = folder.tags();
    const auto token = tags.find(kTagOp);
    return token == tags.end() || token->second != request.token.text;
  });
  return folders;
}

// Finds or makes the folders of a launch; those that somebody else is making are waited for.
Result<std::vector<ProcessProvider::Birth>> ProcessProvider::prepare(const LaunchRequest& request,
                                                                     Time deadline) {
  Result<FileLock> lock = root_->lock(deadline);
  if (!lock) return lock.error();
  Result<std::vector<NodeFolder>> found = of_token(request);
  if (!found) return found.error();
  std::vector<Birth> births;
  for (NodeFolder& folder : *found) {
    Result<FileLock> change = FileLock::take(folder.change_lock(), deadline);
    if (!change) return change.error();
    births.push_back({std::move(folder), *std::move(change)});
  }
  while (births.size() < request.nodes.size()) {
    Tags tags = request.tags;
    tags[kTagClusterName] = request.cluster.text;
    tags[kTagOp] = request.token.text;
    Result<Birth> made =
        root_->make({request.cluster, request.nodes[births.size()].text, request.token.text,
                     std::move(tags), env_of(request.spec->launch), request.spec->head});
    if (!made && births.empty()) return made.error();
    if (!made) break;
    births.push_back(*std::move(made));
  }
  return births;
}

Result<> ProcessProvider::bear(const NodeFolder& folder, Time deadline) const {
  folder.forget_stillborn();
  std::vector<std::string> argv = settings_.supervisor_argv;
  argv.push_back(folder.path().string());
  const auto runner = settings_.make_runner("/", inherited_environment(), false);
  Result<CommandOutput> ran = runner->run({argv, {}, ""}, deadline);
  if (!ran) return ran.error();
  if (ran->exit_code == 0) return {};
  return permanent(ErrorCode::kLaunchFailed,
                   "the supervisor of " + folder.path().string() +
                       " did not start: " + join(last_lines(ran->err, 1), ""));
}

Result<std::vector<CloudNode>> ProcessProvider::create(const LaunchRequest& request,
                                                       Time deadline) {
  Result<std::vector<Birth>> births = prepare(request, deadline);
  if (!births) return births.error();
  std::vector<CloudNode> nodes;
  std::optional<Error> failure;
  for (const Birth& birth : *births) {
    const NodeFolder& folder = birth.folder;
    if (Result<> born = folder.alive() ? Result<>() : bear(folder, deadline); !born) {
      failure = born.error();
      if (!folder.alive() && !folder.identity()) NodeRoot::discard(folder);
      continue;
    }
    if (std::optional<CloudNode> node = folder.look()) nodes.push_back(*std::move(node));
  }
  if (nodes.empty() && failure) return *failure;
  return nodes;
}

Result<> ProcessProvider::set_tags(const CloudId& id, const Tags& tags, Time deadline) {
  const std::optional<NodeFolder> folder = root_->find(id);
  if (!folder) return permanent(ErrorCode::kProviderRefused, "there is no machine " + id.text);
  Result<FileLock> change = FileLock::take(folder->change_lock(), deadline);
  if (!change) return change.error();
  Tags all = folder->tags();
  for (const auto& [key, value] : tags)
    all[key] = value;
  return folder->write_tags(all);
}

Result<> ProcessProvider::terminate(const CloudId& id, Time deadline) {
  const Time stuck = now() + kStuck;
  for (std::optional<Identity> told;; std::this_thread::sleep_for(kPause)) {
    const std::optional<NodeFolder> folder = root_->find(id);
    if (!folder) {
      // The folder is gone before its supervisor is.
      while (told && alive(*told) && now() < deadline)
        std::this_thread::sleep_for(kPause);
      return {};
    }
    if (folder->alive()) {
      const std::optional<Identity> supervisor = folder->identity();
      if (supervisor && now() >= stuck) {
        send_signal(*supervisor, SIGKILL);
      } else if (supervisor && !told) {
        if (send_signal(*supervisor, SIGTERM)) told = supervisor;
      }
    } else {
      Result<FileLock> change = FileLock::take(folder->change_lock(), deadline);
      if (!change && !folder->exists()) continue;
      if (!change) return change.error();
      if (folder->alive() || !folder->is(id)) continue;
      if (!end_processes(folder->path(),
                         std::min(kReapGrace, std::max(deadline - now(), Millis{0})))) {
        return unknown_outcome(
            ErrorCode::kTerminateFailed,
            "some processes of " + folder->path().string() + " could not be ended");
      }
      NodeRoot::discard(*folder);
      return {};
    }
    if (now() < deadline) continue;
    if (told) return {};
    return unknown_outcome(
        ErrorCode::kTerminateFailed,
        "the supervisor of " + folder->path().string() + " could not be told to end");
  }
}

ProcessParts make_process_provider(ProcessSettings settings) {
  if (settings.root.empty()) settings.root = state_home() / "nodes";
  std::error_code ignored;
  settings.root = std::filesystem::absolute(settings.root, ignored).lexically_normal();
  auto root = std::make_shared<NodeRoot>(settings.root);
  return {std::make_unique<ProcessProvider>(settings, root),
          std::make_unique<ProcessAccess>(settings, root)};
}

}  // namespace rayctl::process
