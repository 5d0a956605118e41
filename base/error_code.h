#pragma once
#include <span>
#include <string_view>

namespace rayctl {

/// Stable numbers of what can go wrong, printed as RAYCTL-nnnn. A number is never reused or
/// renumbered; the hundreds say the part: 00 general, 01 config, 02 nodes, 03 state, 04 plans,
/// 05 providers, 06 Ray, 07 transport. One row per code in error_code.cc.
enum class ErrorCode : int {
  kInternal = 1,            ///< nothing more is known
  kUsage = 2,               ///< flags or arguments
  kNeedsConfirmation = 3,   ///< no terminal to ask on, and no --yes
  kInterrupted = 4,         ///< SIGINT or SIGTERM
  kIo = 5,                  ///< a local file could not be read or written
  kNoSuchNode = 6,          ///< a node or node type was named that is not there
  kNotSupported = 7,        ///< this provider or this Ray cannot do that
  kConfigInvalid = 101,     ///< the YAML has mistakes; diagnostics say which
  kConfigUnreadable = 102,  ///< the file is not there or cannot be read
  kSecretUnresolved = 103,  ///< a secret:// reference points at nothing
  kMountMissing = 104,      ///< a file mount's source is gone or changed under us
  kLaunchFailed = 201,
  kFilesFailed = 202,
  kJoinTimeout = 203,  ///< the node did not join Ray in time
  kDrainFailed = 204,
  kTerminateFailed = 205,
  kStartFailed = 206,      ///< Ray's start command failed
  kSetupFailed = 207,      ///< an initialization or setup command failed
  kContainerFailed = 208,  ///< a node's container could not be made, or does not run
  kLocked = 301,
  kStateCorrupt = 302,
  kStateTooNew = 303,
  kStateConflict = 304,  ///< another writer was first (serial)
  kStateLineage = 305,   ///< another cluster's state, or an older serial was pushed
  kStateMissing = 306,
  kOlderProgram = 307,  ///< a newer rayctl works on this cluster
  kPlanStale = 401,
  kPreconditionFailed = 402,
  kPlanUnreadable = 403,
  kPlanNeedsDecision = 404,  ///< the plan is blocked until a person decides
  kForeignMachine = 405,     ///< machines of our name that are not ours
  kProviderUnavailable = 501,
  kProviderRefused = 502,
  kCredentials = 503,
  kRayUnreachable = 601,
  kRayRefused = 602,
  kCommandFailed = 701,
  kConnectionLost = 702,
  kHostKeyChanged = 703,  ///< another host key than the pinned one
};

/// The classes of docs/exit-codes.md (the process's exit status where no flag says otherwise).
enum class ExitClass : int {
  kOk = 0,
  kUnclassified = 1,
  kConfig = 3,
  kCredentials = 4,
  kLocked = 5,
  kIncomplete = 6,
  kTimeout = 7,
  kStale = 8,
  kPolicy = 9,
};

/// What a code means for scripts and for a person who looks it up.
struct ErrorCodeInfo {
  ErrorCode code;
  ExitClass exit_class;
  std::string_view meaning;  ///< one sentence
  std::string_view remedy;   ///< one sentence; may be empty
};

/// Every row, by number.
std::span<const ErrorCodeInfo> error_codes();
/// Never fails: an unknown number gets the row of kInternal.
const ErrorCodeInfo& error_code_info(ErrorCode code);

}  // namespace rayctl
