#pragma once
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/names.h"
#include "transport/detached_op.h"

namespace rayctl {

/// What starts an autoscaler again after its machine was.
enum class AtBoot {
  kNothing,      ///< neither systemd nor cron: it stays down until somebody starts it
  kSystemd,      ///< a unit of the system
  kSystemdUser,  ///< a unit of the user, who lingers
  kCron,         ///< a marked line of the user's crontab
};
const char* to_text(AtBoot by);  ///< "nothing", "systemd", "systemd (user)", "cron"

/// One autoscaler that was started on a machine.
struct ServiceRun {
  Digest bundle;
  OpStatus op;
};

/// Keeps `rayctl autoscale FOLDER` running on one machine, for one cluster, from bundles that lie
/// there (bundle.h): detached, below ~/.rayctl/ops/autoscaler-<cluster>-<bundle>/, started again
/// with a growing pause when it crashes. It ends for good when the program ends with 0 (the lease
/// is `ended`, or a newer program took over) or 8 (a newer one works there), or when the lease
/// beside the bundle is `ended`. Linux with a POSIX sh. Each call may be repeated.
class AutoscalerService {
 public:
  /// The references outlive it. `root` is put before the paths of systemd's own folders: for tests.
  AutoscalerService(CommandRunner& runner, Clock& clock, const ClusterId& cluster,
                    std::string root = "");

  /// Starts the bundle in `folder` (on that machine; may start with "~/"; bundle-<digest>) unless
  /// it runs. Others that run are left alone: the lease decides who works.
  Result<OpStatus> start(const std::string& folder, Time deadline);
  /// Has it started when the machine is, in place of whatever was before.
  Result<AtBoot> start_at_boot(const std::string& folder, Time deadline);

  /// All that were started here, ended ones too.
  Result<std::vector<ServiceRun>> runs(Time deadline);
  /// The last `bytes` that one printed.
  Result<std::string> output(const Digest& bundle, std::size_t bytes, Time deadline);

  /// SIGTERM, and SIGKILL after `grace`; succeeds when it runs no more.
  Result<> stop(const Digest& bundle, Millis grace, Time deadline);
  /// Stops all that run but `keep`.
  Result<> stop_others(const Digest& keep, Millis grace, Time deadline);
  /// Stops all, and has none started at boot.
  Result<> stop_all(Millis grace, Time deadline);

 private:
  OpToken token(const std::string& bundle) const;

  CommandRunner& runner_;
  Clock& clock_;
  const std::string cluster_;
  const std::string root_;
};

}  // namespace rayctl
