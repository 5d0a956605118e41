#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/redact.h"
#include "base/result.h"
#include "cli/io.h"
#include "model/diagnostic.h"

namespace rayctl {

class ProviderRegistry;

/// How a failure becomes the process's exit status (docs/exit-codes.md).
enum class ExitRule {
  kByClass,    ///< the class of the error's code
  kAlwaysOne,  ///< plan --detailed-exitcode: 2 means changes, so every failure is 1
  kRemote,     ///< exec, submit: the remote status is ours, so every failure of rayctl is 255
};

/// One run of the program: what every verb works with. Not shared between threads.
struct Session {
  Io& io;
  Clock& clock;
  const ProviderRegistry& providers;
  std::string program = "rayctl";  ///< path of this program
  bool json = false;               ///< results, errors included, as JSON on `out`
  bool ndjson = false;             ///< JSON as events, one a line, the version first
  bool ndjson_begun = false;
  bool no_color = false;
  std::string context;      ///< --context: of the kubeconfig
  std::string impersonate;  ///< --impersonate: a service account of Google Cloud
  ExitRule exit_rule = ExitRule::kByClass;
  std::vector<Diagnostic> diagnostics;         ///< mistakes and warnings found so far
  std::map<std::string, std::string> sources;  ///< text of the files that diagnostics point into
  Redactor redactor;                           ///< complete before anything runs in parallel
};

}  // namespace rayctl
