// What rayctl hears from, and tells, the control service of a Ray: for tests/e2e, where a driver or
// Ray's own tools stand at the other end.
//   ray_probe ENDPOINT TOKEN load         what waits, as JSON
//   ray_probe ENDPOINT TOKEN drain        asks the head to go if it is idle, and prints why not
//   ray_probe ENDPOINT TOKEN report FILE  tells Ray of an autoscaler, as the JSON in FILE says
//   ray_probe ENDPOINT TOKEN event TEXT   tells drivers
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "base/digest.h"
#include "gcs/autoscaler_events.h"
#include "gcs/ray_cluster.h"
#include "model/json.h"

namespace rayctl {
namespace {

Time soon() {
  return SystemClock{}.now() + Millis{20'000};
}

template <class T>
T must(Result<T> result) {
  if (result) return *std::move(result);
  std::cerr << result.error().message << "\n";
  std::exit(1);
}

Json selectors_of(const ResourceRequest& request) {
  Json all = Json::array();
  for (const LabelSelector& selector : request.selectors) {
    Json rules = Json::array();
    for (const LabelRule& rule : selector)
      rules.push_back({rule.key, rule.in ? "in" : "not in", rule.values});
    all.push_back(std::move(rules));
  }
  return all;
}

Json demands_of(const std::vector<Demand>& demands) {
  Json all = Json::array();
  for (const Demand& demand : demands) {
    all.push_back({{"bundle", demand.request.bundle},
                   {"selectors", selectors_of(demand.request)},
                   {"count", demand.count}});
  }
  return all;
}

const char* name_of(GangStrategy strategy) {
  constexpr const char* kNames[] = {"PACK", "SPREAD", "STRICT_PACK", "STRICT_SPREAD"};
  return kNames[static_cast<std::size_t>(strategy)];
}

void print_load(RayCluster& ray) {
  const RayState state = must(ray.state(soon()));
  Json gangs = Json::array();
  for (const Gang& gang : state.load.gangs) {
    Json bundles = Json::array();
    for (const ResourceRequest& bundle : gang.bundles)
      bundles.push_back({{"bundle", bundle.bundle}, {"selectors", selectors_of(bundle)}});
    gangs.push_back({{"id", gang.id}, {"strategy", name_of(gang.strategy)}, {"bundles", bundles}});
  }
  std::cout << Json{{"demands", demands_of(state.load.demands)},
                    {"gangs", gangs},
                    {"asked", demands_of(state.load.asked)}}
                   .dump()
            << "\n";
}

void send_report(RayCluster& ray, const std::string& file) {
  const Json wanted = Json::parse(std::ifstream(file));
  const Time now = SystemClock{}.now();
  AutoscalerReport report{.version = must(ray.reported_version(soon())) + 1};
  for (const auto& [type, count] : wanted.at("asked").items())
    report.asked.push_back({{type}, count.get<int>(), now});
  for (const auto& [id, type] : wanted.at("starting").items())
    report.starting.push_back({{id}, {type.get<std::string>()}, "", "Setting up"});
  for (const auto& [type, reason] : wanted.at("failed").items())
    report.failed.push_back({{type}, 1, reason.get<std::string>(), now, now});
  for (const Json& bundle : wanted.at("impossible"))
    report.impossible.push_back({bundle.get<Resources>(), {}});
  must(ray.report(report, soon()));
}

void drain_head(RayCluster& ray) {
  const RayHeadInfo head = must(ray.head_info(soon()));
  const DrainAnswer answer =
      must(ray.drain(head.node_id, DrainReason::kIdleTermination, "of a test", soon(), soon()));
  std::cout << (answer.accepted ? "accepted" : answer.rejection) << "\n";
}

void tell(RayCluster& ray, const std::string& text) {
  const RayHeadInfo head = must(ray.head_info(soon()));
  const std::filesystem::path file =
      std::filesystem::path(head.session_dir) / kAutoscalerEventsFile;
  std::filesystem::create_directories(file.parent_path());
  std::ofstream out(file, std::ios::app);
  out << autoscaler_event_line({.warning = true,
                                .text = text,
                                .at = SystemClock{}.now(),
                                .id = random_hex(18),
                                .host = "ray_probe",
                                .process_id = ::getpid()});
}

}  // namespace
}  // namespace rayctl

int main(int count, char** words) {
  const std::vector<std::string> args(words, words + count);
  const std::string what = count > 3 ? args[3] : "";
  const bool takes_more = what == "report" || what == "event";
  if (count != (takes_more ? 5 : 4)) return 2;
  const auto ray = rayctl::connect_ray(args[1], args[2]);
  if (what == "load") rayctl::print_load(*ray);
  if (what == "drain") rayctl::drain_head(*ray);
  if (what == "report") rayctl::send_report(*ray, args[4]);
  if (what == "event") rayctl::tell(*ray, args[4]);
  return 0;
}
