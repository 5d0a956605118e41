#include <charconv>
#include <ostream>

#include "base/files.h"
#include "cli/cluster_flags.h"
#include "cli/commands/verbs.h"
#include "cli/output.h"
#include "cli/views/simulation_view.h"

namespace rayctl {
namespace {

/// A share such as 0.1, or 10%.
Result<double> share_of(const std::string& flag, const std::string& text) {
  double value = -1;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (read.ec == std::errc{} && std::string_view(read.ptr, end) == "%") {
    value /= 100;
  } else if (read.ec != std::errc{} || read.ptr != end) {
    value = -1;
  }
  if (value >= 0 && value <= 1) return value;
  return permanent(ErrorCode::kUsage, flag + " is a share from 0 to 1, or 0% to 100%");
}

class SimulateVerb final : public Verb {
 public:
  void declare(Flags& flags) override {
    flags.argument("CONFIG", cluster_.config);
    declare_output(flags, cluster_.json, cluster_.no_color);
    flags.value("--trace", trace_);
    flags.value("--svg", svg_);
    flags.duration("--interval", options_.interval);
    flags.duration("--boot", options_.boot);
    flags.value("--launch-failures", launch_failures_);
    flags.value("--set-up-failures", set_up_failures_);
    flags.value("--seed", seed_);
    flags.duration("--longest", options_.longest);
  }

  Result<int> run(Session& session) override {
    const Result<Config> config = load_config(session, cluster_, false);
    if (!config) return config.error();
    if (Result<> complete = check(*config); !complete) return complete.error();
    const Result<std::string> text = read_file(trace_);
    if (!text) return text.error();
    const Result<std::vector<TraceEvent>> trace = parse_trace(*text);
    if (!trace) return in_context(trace.error(), "reading " + trace_);
    const SimulationResult result = simulate(*config, *trace, options_);
    if (!svg_.empty()) {
      const std::string picture = simulation_svg(result, config->cluster.text + ", " + trace_);
      if (Result<> written = write_file_atomic(svg_, picture, 0644); !written) {
        return written.error();
      }
    }
    if (session.json) {
      show_json(session, simulation_json(result));
    } else {
      session.io.out << render_simulation(result, out_style(session));
    }
    return 0;
  }

 private:
  Result<> check(const Config& config) {
    if (trace_.empty()) return permanent(ErrorCode::kUsage, "--trace FILE says what is asked for");
    const Result<double> launches = share_of("--launch-failures", launch_failures_);
    if (!launches) return launches.error();
    const Result<double> set_ups = share_of("--set-up-failures", set_up_failures_);
    if (!set_ups) return set_ups.error();
    options_.launch_failures = *launches;
    options_.set_up_failures = *set_ups;
    options_.seed = static_cast<std::uint64_t>(seed_);
    for (const NodeTypeConfig& type : config.node_types) {
      if (!type.resources.empty() || type.name == config.head_type) continue;
      return permanent(ErrorCode::kConfigInvalid,
                       "node type `" + type.name.text +
                           "` has no resources, and a simulation asks no provider: write them, "
                           "`resources: {CPU: 4}`");
    }
    return {};
  }

  ClusterFlags cluster_;
  std::string trace_, svg_, launch_failures_ = "0", set_up_failures_ = "0";
  int seed_ = 1;
  SimulationOptions options_;
};

}  // namespace

std::unique_ptr<Verb> make_simulate_verb() {
  return std::make_unique<SimulateVerb>();
}

}  // namespace rayctl
