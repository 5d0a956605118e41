#include "cli/autoscale/cluster_loop.h"

#include <unistd.h>

#include <utility>

#include "cli/access/ssh_access.h"
#include "cli/autoscale/cluster_lease.h"
#include "cli/autoscale/file_books.h"
#include "cli/autoscale/head_log.h"
#include "cli/autoscale/loop.h"
#include "cli/autoscale/metrics_server.h"
#include "cli/autoscale/notices.h"
#include "cli/pipeline.h"
#include "cli/run.h"
#include "cli/run_log.h"
#include "cli/views/plan_summary.h"
#include "model/codec.h"

namespace rayctl {
namespace {

constexpr Millis kCall{60'000};
constexpr int kMetricsPort = 44217;  // AUTOSCALER_METRIC_PORT of Ray

// Counts rest on what machines offer: where the file does not say it, the provider does.
Result<Config> with_resources(Session& session, Cluster& cluster) {
  Config config = cluster.config();
  std::vector<Json> node_configs;
  for (const NodeTypeConfig& type : config.node_types)
    node_configs.push_back(type.node_config);
  Result<std::vector<std::map<std::string, double>>> offers =
      cluster.world()
          .provider(config.provider)
          .machine_resources(node_configs, session.clock.now() + kCall);
  if (!offers) return in_context(offers.error(), "looking up what the node types offer");
  for (std::size_t at = 0; at < config.node_types.size(); ++at) {
    NodeTypeConfig& type = config.node_types[at];
    const bool head = type.name == config.head_type;
    const auto& start = head ? config.head_start_ray_commands : config.worker_start_ray_commands;
    for (const auto& [name, option] : {std::pair("CPU", "--num-cpus"), {"GPU", "--num-gpus"}}) {
      const int count = number_in_commands(start, option, -1);
      if (count >= 0) type.resources.try_emplace(name, count);
    }
    type.resources.insert((*offers)[at].begin(), (*offers)[at].end());
  }
  return config;
}

// One plan of the loop's: under the store's lock, with a line in the history and a log.
class PlanRunner {
 public:
  PlanRunner(Session& session, Cluster& cluster, Turn& turn)
      : session_(session), cluster_(cluster), turn_(turn) {}

  Result<ApplyReport> operator()(const Plan& plan, std::stop_token leave) const {
    const Time now = session_.clock.now();
    Result<std::unique_ptr<StoreLock>> lock = cluster_.store().lock(
        {.who = user_at_host(), .pid = getpid(), .purpose = kAutoscalePurpose, .since = now},
        Millis{0});
    if (!lock) return lock.error();
    RunRecord run{.id = new_run_id(now),
                  .command = "autoscale",
                  .who = user_at_host(),
                  .started_at = now,
                  .summary = summary_line(plan),
                  .plan = to_json(plan).dump()};
    static_cast<void>(cluster_.store().begin_run(run));
    RunLog log(cluster_.paths().folder / "runs" / run.id, session_.clock);
    const RayctlSettings& settings = cluster_.config().rayctl;
    const auto seconds = [](double count) { return Millis{static_cast<long>(count * 1000)}; };
    const ApplyOptions options{.reach_timeout = seconds(settings.boot_timeout_s),
                               .join_timeout = seconds(settings.wait_timeout_s),
                               .counts_as_apply = false,
                               .leave = leave};
    cluster_.world().may_begin = [this] { return turn_.may_begin(); };
    Result<ApplyReport> report = apply_plan(plan, cluster_.world(), options, leave, log);
    run.ended_at = session_.clock.now();
    run.outcome = leave.stop_requested()         ? "interrupted"
                  : report && report->complete() ? "done"
                                                 : "failed";
    run.serial = report ? report->serial : 0;
    static_cast<void>(cluster_.store().end_run(run));
    return report;
  }

 private:
  Session& session_;
  Cluster& cluster_;
  Turn& turn_;
};

}  // namespace

Result<> run_cluster_loop(Session& session, Cluster& cluster, Turn& turn,
                          const ClusterLoopOptions& options, std::stop_token stop) {
  if (Result<> token = cluster.find_token(); !token) return token;
  Result<Config> config = with_resources(session, cluster);
  if (!config) return config.error();
  // Where Ray's autoscaler has its metrics, unless that of another cluster is there already.
  Result<std::unique_ptr<MetricsServer>> metrics = MetricsServer::open(kMetricsPort);
  if (!metrics) metrics = MetricsServer::open(0);
  MetricsServer* server = metrics ? metrics->get() : nullptr;
  FileBooks books(autoscaler_folder(cluster.paths().folder));
  Notices notices(cluster.world(), config->provider, cluster.notice_script());
  AutoscaleLoop loop(
      {.world = cluster.world(),
       .config = *config,
       .desire =
           [&](const Scale& scale, const Snapshot& snapshot) {
             return desired_for(session, cluster, {}, snapshot, scale);
           },
       .apply = PlanRunner(session, cluster, turn),
       .beside = !options.once,
       .turn = turn,
       .books = books,
       .notices = [&notices](Observed& observed) { notices.apply(observed); },
       .write =
           [&](const CloudNode& head, const RayHeadInfo& info, const std::vector<Saying>& lines) {
             return write_head_log(cluster.world(), config->provider, head, info, lines);
           },
       .publish =
           [server](std::string text) {
             if (server != nullptr) server->publish(std::move(text));
           },
       .metrics_address = server == nullptr ? "" : "127.0.0.1:" + std::to_string(server->port()),
       .interval = options.interval});
  if (options.once) {
    loop.tick();
  } else {
    loop.run(std::move(stop));
  }
  return {};
}

}  // namespace rayctl
