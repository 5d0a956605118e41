#pragma once
#include <memory>
#include <span>
#include <string_view>

#include "base/result.h"
#include "cli/flags.h"
#include "cli/session.h"

namespace rayctl {

/// A command of the program: flags, then run. Lives for one run.
class Verb {
 public:
  virtual ~Verb() = default;
  /// Binds the flags to this object's fields; called once, before run.
  virtual void declare(Flags& flags) = 0;
  /// The exit status, or the error that the program then renders (text or JSON) and classifies.
  virtual Result<int> run(Session& session) = 0;
};

/// One row of the table of verbs.
struct VerbEntry {
  std::string_view name;   ///< "plan", "state list"; underscores are accepted for dashes
  std::string_view group;  ///< heading in the overview; empty: not shown anywhere
  std::unique_ptr<Verb> (*make)();
};

/// All verbs, in the order of the overview.
std::span<const VerbEntry> all_verbs();

}  // namespace rayctl
