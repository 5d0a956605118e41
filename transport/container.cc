#include "transport/container.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace rayctl {
namespace {

constexpr int kNotFound = 127;
constexpr std::size_t kTailLines = 10;

// Arguments: program, image, labels and other words that stand before the options (counted), the
// options. They are shell text, as in Ray, and the machine's own shell reads them.
constexpr char kRun[] = R"sh(
program=$1 name=$2 image=$3 options=$4; shift 4
eval "set -- \"\$@\" $options" || exit 64
exec "$program" run -d -i -t --name "$name" "$@" --net=host "$image" bash
)sh";

// Arguments: the container to keep, labels. Prints nothing.
constexpr char kRemove[] = R"sh(
keep=$1; shift
for label do filters="$filters --filter label=$label"; done
for program in docker podman; do
  command -v "$program" >/dev/null 2>&1 || continue
  names=$("$program" ps -a --no-trunc $filters --format '{{.Names}}') || exit 1
  for name in $names; do
    [ "$name" = "$keep" ] || "$program" rm -f "$name" >/dev/null || exit 1
  done
done
)sh";

constexpr char kInspect[] =
    R"({"running":{{json .State.Running}},"image":{{json .Image}},"labels":{{json .Config.Labels}}})";

class Docker {
 public:
  Docker(CommandRunner& machine, const ContainerSpec& spec, Time deadline, const OutputSink& sink)
      : machine_(machine), spec_(spec), deadline_(deadline), sink_(sink) {}

  Result<ContainerChange> prepare() {
    Result<std::string> image = image_id();
    if (!image) return image.error();
    if (spec_.pull || image->empty()) {
      Result<> pulled = pull();
      if (!pulled) return pulled.error();
      image = image_id();
      if (!image) return image.error();
    }
    Result<std::optional<Json>> found = look();
    if (!found) return found.error();
    if (*found && same(**found, *image)) {
      if ((**found)["running"] == true) return ContainerChange::kNone;
      Result<> started = start_container(machine_, spec_.program, spec_.name, deadline_);
      if (!started) return started.error();
      return ContainerChange::kStarted;
    }
    if (*found) {
      Result<> removed = remove(**found);
      if (!removed) return removed.error();
    }
    Result<> made = make();
    if (!made) return made.error();
    return ContainerChange::kMade;
  }

 private:
  Result<CommandOutput> call(const std::vector<std::string>& words, bool loud = false) {
    std::vector<std::string> argv{spec_.program};
    argv.insert(argv.end(), words.begin(), words.end());
    Result<CommandOutput> ran =
        machine_.run({argv, {}, ""}, deadline_, loud ? sink_ : OutputSink{});
    if (ran && ran->exit_code == kNotFound) {
      return permanent(ErrorCode::kContainerFailed,
                       spec_.program +
                           " is not installed on the machine; install it, for "
                           "instance in initialization_commands");
    }
    return ran;
  }

  Error failed(const std::string& doing, const CommandOutput& output) {
    std::vector<std::string> said = last_lines(output.err, kTailLines);
    std::erase_if(said, [](const std::string& line) {
      return line.empty() || line.starts_with("See '") || line.starts_with("Run '") ||
             line.starts_with("Usage:");
    });
    Error error = permanent(ErrorCode::kContainerFailed,
                            doing + " failed" + (said.empty() ? "" : ": " + said.back()));
    error.context = said;
    return error;
  }

  // "" if there is none of that name.
  Result<std::string> image_id() {
    const Result<CommandOutput> ran =
        call({"image", "inspect", "--format", "{{.Id}}", spec_.image});
    if (!ran) return ran.error();
    if (ran->exit_code != 0 && !contains(ran->err, {"no such image", "not known"})) {
      return failed("`" + spec_.program + " image inspect`", *ran);
    }
    return ran->exit_code == 0 ? trim(ran->out) : std::string();
  }

  Result<> pull() {
    const Result<CommandOutput> ran = call({"pull", spec_.image}, true);
    if (!ran) return ran.error();
    if (ran->exit_code != 0) return failed("pulling " + spec_.image, *ran);
    return {};
  }

  static bool contains(const std::string& text, const std::vector<std::string>& parts) {
    std::string low = text;
    std::transform(low.begin(), low.end(), low.begin(), [](unsigned char c) {
      return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    });
    return std::any_of(parts.begin(), parts.end(), [&](const std::string& part) {
      return low.find(part) != std::string::npos;
    });
  }

  Result<std::optional<Json>> look() {
    const Result<CommandOutput> ran =
        call({"container", "inspect", "--format", kInspect, spec_.name});
    if (!ran) return ran.error();
    if (ran->exit_code != 0) {
      if (contains(ran->err, {"no such container", "no such object"})) return std::optional<Json>();
      return failed("`" + spec_.program + " container inspect`", *ran);
    }
    Json found = Json::parse(ran->out, nullptr, false);
    if (!found.is_object() || !found.contains("labels")) {
      return permanent(ErrorCode::kContainerFailed, spec_.program + " says of container " +
                                                        spec_.name +
                                                        " what cannot be read: " + trim(ran->out));
    }
    if (!found["labels"].is_object()) found["labels"] = Json::object();
    return std::optional(std::move(found));
  }

  bool same(const Json& found, const std::string& image) const {
    if (found["image"] != image) return false;
    return std::all_of(spec_.labels.begin(), spec_.labels.end(), [&](const auto& label) {
      const auto has = found["labels"].find(label.first);
      return has != found["labels"].end() && *has == label.second;
    });
  }

  Result<> remove(const Json& found) {
    const auto ours = spec_.labels.find(kLabelCluster);
    const auto theirs = found["labels"].find(kLabelCluster);
    if (theirs != found["labels"].end() && ours != spec_.labels.end() && *theirs != ours->second) {
      return permanent(ErrorCode::kContainerFailed,
                       "container " + spec_.name + " belongs to another cluster (" +
                           theirs->get<std::string>() + "); give this one another container_name");
    }
    const Result<CommandOutput> ran = call({"rm", "-f", spec_.name});
    if (!ran) return ran.error();
    if (ran->exit_code != 0) return failed("removing the container " + spec_.name, *ran);
    return {};
  }

  Result<bool> has_nvidia() {
    if (!spec_.detect_runtime) return false;
    const Result<CommandOutput> runtimes = call({"info", "-f", "{{.Runtimes}}"});
    if (!runtimes) return runtimes.error();
    if (runtimes->out.find("nvidia-container-runtime") == std::string::npos) return false;
    const Result<CommandOutput> gpus = machine_.run({{"nvidia-smi"}, {}, ""}, deadline_);
    if (!gpus) return gpus.error();
    return gpus->exit_code == 0;
  }

  Result<> make() {
    std::vector<std::string> words{"-e", "LC_ALL=C.UTF-8", "-e", "LANG=C.UTF-8"};
    for (const auto& [name, value] : spec_.labels) {
      words.insert(words.end(), {"--label", std::string(name).append("=").append(value)});
    }
    std::string options = spec_.options;
    const Result<bool> nvidia = has_nvidia();
    if (!nvidia) return nvidia.error();
    if (*nvidia) options += " --runtime=nvidia";
    if (spec_.size_shm && options.find("--shm-size") == std::string::npos) {
      const Result<CommandOutput> memory =
          machine_.run({{"cat", "/proc/meminfo"}, {}, ""}, deadline_);
      if (!memory) return memory.error();
      if (const auto size = shm_size(memory->out)) {
        options += " --shm-size=" + std::to_string(*size) + "b";
      }
    }
    Command command{{"sh", "-c", kRun, "rayctl", spec_.program, spec_.name, spec_.image, options},
                    spec_.env,
                    ""};
    command.argv.insert(command.argv.end(), words.begin(), words.end());
    const Result<CommandOutput> ran = machine_.run(command, deadline_, sink_);
    if (!ran) return ran.error();
    if (ran->exit_code != 0) return failed("making the container " + spec_.name, *ran);
    return {};
  }

  CommandRunner& machine_;
  const ContainerSpec& spec_;
  const Time deadline_;
  const OutputSink& sink_;
};

}  // namespace

std::optional<ContainerSpec> container_spec(const Json& docker) {
  if (!docker.is_object() || docker.value("image", "").empty()) return std::nullopt;
  ContainerSpec spec;
  spec.program = docker.value("use_podman", false) ? "podman" : "docker";
  spec.image = docker.value("image", "");
  spec.name = docker.value("container_name", "");
  spec.pull = docker.value("pull_before_run", true);
  spec.detect_runtime = !docker.value("disable_automatic_runtime_detection", false);
  spec.size_shm = !docker.value("disable_shm_size_detection", false);
  for (const Json& option : docker.value("run_options", Json::array())) {
    if (!spec.options.empty()) spec.options += " ";
    spec.options += option.is_string() ? option.get<std::string>() : option.dump();
  }
  return spec;
}

std::optional<long long> shm_size(const std::string& meminfo) {
  constexpr std::string_view kKey = "MemAvailable:";
  // Ray: DEFAULT_OBJECT_STORE_MEMORY_PROPORTION, and a tenth more.
  constexpr double kShare = 0.3 * 1.1;
  constexpr double kMost = 200e9;
  const std::size_t at = meminfo.find(kKey);
  if (at == std::string::npos) return std::nullopt;
  const std::size_t from = meminfo.find_first_not_of(" \t", at + kKey.size());
  if (from == std::string::npos) return std::nullopt;
  long long kilobytes = 0;
  const auto read =
      std::from_chars(meminfo.data() + from, meminfo.data() + meminfo.size(), kilobytes);
  if (read.ec != std::errc{}) return std::nullopt;
  return static_cast<long long>(std::min(static_cast<double>(kilobytes) * 1024 * kShare, kMost));
}

Result<ContainerChange> prepare_container(CommandRunner& machine, const ContainerSpec& spec,
                                          Time deadline, const OutputSink& sink) {
  return Docker(machine, spec, deadline, sink).prepare();
}

Result<> start_container(CommandRunner& machine, const std::string& program,
                         const std::string& name, Time deadline) {
  const Result<CommandOutput> ran = machine.run({{program, "start", name}, {}, ""}, deadline);
  if (!ran) return ran.error();
  if (ran->exit_code == 0) return {};
  const std::vector<std::string> said = last_lines(ran->err, 1);
  return permanent(ErrorCode::kContainerFailed,
                   "container " + name + " could not be started" +
                       (said.empty() ? std::string() : ": " + said.front()));
}

Result<> remove_containers(CommandRunner& machine, const std::map<std::string, std::string>& labels,
                           const std::string& keep, Time deadline) {
  Command command{{"sh", "-c", kRemove, "rayctl", keep}, {}, ""};
  for (const auto& [name, value] : labels)
    command.argv.push_back(std::string(name).append("=").append(value));
  const Result<CommandOutput> ran = machine.run(command, deadline);
  if (!ran) return ran.error();
  if (ran->exit_code == 0) return {};
  const std::vector<std::string> said = last_lines(ran->err, 1);
  return permanent(ErrorCode::kContainerFailed,
                   "the node's container could not be removed" +
                       (said.empty() ? std::string() : ": " + said.front()));
}

}  // namespace rayctl
