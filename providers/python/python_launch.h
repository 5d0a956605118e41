#pragma once
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "model/config.h"
#include "providers/provider.h"
#include "providers/python/bridge.h"
#include "providers/python/kept_tags.h"

namespace rayctl::python {

/// One launch through a class: looks for the operation's machines before each call, by its token in
/// their tags or by what is new in the list since the call was journalled, and calls again until
/// all are there or a call brings none.
class PythonLaunch {
 public:
  using List = std::function<Result<std::vector<CloudNode>>()>;
  /// `type`: of the cluster's file, for its resources and labels; may be null. `narrow`: only tags
  /// of a form that any place takes are given to the class; set when it is found to refuse others.
  PythonLaunch(Bridge& bridge, KeptTags& tags, Clock& clock, List list,
               const LaunchRequest& request, const NodeTypeConfig* type, std::string class_name,
               Time deadline, bool& narrow);

  Result<std::vector<CloudNode>> run();

 private:
  /// Takes in what an attempt that was begun before and not seen to end has made.
  Result<> resume(const std::vector<CloudNode>& listed);
  /// One call of the class. False if there is no sense in another.
  Result<bool> call(const std::vector<CloudNode>& before);
  HostAnswer create(std::size_t count);
  /// Waits until the machines that the class named are listed, or some that are new.
  Result<std::vector<CloudId>> await_new(const std::set<CloudId>& before,
                                         const std::set<CloudId>& named, bool sure);
  Result<> adopt(const std::vector<CloudId>& ids);
  Result<> journal();
  Result<std::vector<CloudNode>> finish();
  bool ours(const CloudNode& node) const;

  Bridge& bridge_;
  KeptTags& tags_;
  Clock& clock_;
  const List list_;
  const LaunchRequest& request_;
  const NodeTypeConfig* type_;
  const std::string class_name_;
  const Time deadline_;
  bool& narrow_;
  std::vector<LaunchAttempt> attempts_;
  std::set<CloudId> made_;
  std::vector<CloudNode> listed_;  ///< as last seen
  std::optional<HostFailure> trouble_;
};

}  // namespace rayctl::python
