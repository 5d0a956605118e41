#include "base/error_code.h"

#include <array>

namespace rayctl {

namespace {

using Code = ErrorCode;
using Exit = ExitClass;

constexpr std::array kRows = {
    ErrorCodeInfo{Code::kInternal, Exit::kUnclassified,
                  "Something failed that has no number of its own.",
                  "Read the message and the log of the run."},
    ErrorCodeInfo{Code::kUsage, Exit::kConfig, "A flag or an argument is wrong.",
                  "See the command's --help."},
    ErrorCodeInfo{Code::kNeedsConfirmation, Exit::kConfig,
                  "A yes was needed and there was no terminal to ask on.",
                  "Look at the plan, then pass --yes."},
    ErrorCodeInfo{Code::kInterrupted, Exit::kIncomplete, "A signal stopped the run.",
                  "Run the same command again: it goes on where this one stopped."},
    ErrorCodeInfo{Code::kIo, Exit::kUnclassified,
                  "A file on this machine could not be read or written.",
                  "Check that the path exists, its permissions and the space on the disk."},
    ErrorCodeInfo{Code::kNoSuchNode, Exit::kConfig, "No node or node type has that name.",
                  "`rayctl status` lists the names."},
    ErrorCodeInfo{Code::kNotSupported, Exit::kConfig,
                  "This provider or this version of Ray cannot do that.", ""},
    ErrorCodeInfo{Code::kConfigInvalid, Exit::kConfig, "The cluster's YAML has mistakes.",
                  "Each one is printed with its line and what to do; `rayctl validate` repeats "
                  "them without touching anything."},
    ErrorCodeInfo{Code::kConfigUnreadable, Exit::kConfig,
                  "The cluster's YAML is missing or unreadable.",
                  "Check the path and the permissions of the file."},
    ErrorCodeInfo{Code::kSecretUnresolved, Exit::kConfig,
                  "A secret:// reference points at nothing.",
                  "Set the variable or create the file that it names."},
    ErrorCodeInfo{Code::kMountMissing, Exit::kConfig,
                  "What a file mount copies is gone, or changed after the plan was made.",
                  "Restore the source or correct file_mounts, then plan again."},
    ErrorCodeInfo{Code::kLaunchFailed, Exit::kIncomplete, "A machine could not be launched.",
                  "Read the provider's answer, then run apply again."},
    ErrorCodeInfo{Code::kFilesFailed, Exit::kIncomplete, "Files could not be sent to a node.",
                  "Check the connection and the space on the node, then run apply again."},
    ErrorCodeInfo{Code::kJoinTimeout, Exit::kIncomplete, "A node did not join Ray in time.",
                  "`rayctl logs NODE` shows what Ray said there."},
    ErrorCodeInfo{Code::kDrainFailed, Exit::kIncomplete, "Ray did not move the work off a node.",
                  "Run apply again, or raise the drain timeout."},
    ErrorCodeInfo{Code::kTerminateFailed, Exit::kIncomplete,
                  "A machine could not be ended and may still cost.",
                  "Run the same command again until it says that nothing is left."},
    ErrorCodeInfo{Code::kStartFailed, Exit::kIncomplete,
                  "The command that starts Ray failed on a node.",
                  "`rayctl logs NODE` shows its output."},
    ErrorCodeInfo{Code::kSetupFailed, Exit::kIncomplete,
                  "An initialization or setup command failed on a node.",
                  "Its last lines are printed; correct it and run apply again."},
    ErrorCodeInfo{Code::kContainerFailed, Exit::kIncomplete,
                  "The container of a node could not be made, or does not run.",
                  "The program's own words are in the message; correct it and run apply again."},
    ErrorCodeInfo{Code::kLocked, Exit::kLocked, "Someone else is working on this cluster.",
                  "Wait with --lock-timeout, or see who it is with `rayctl state lock`."},
    ErrorCodeInfo{Code::kStateCorrupt, Exit::kUnclassified,
                  "The record of the cluster cannot be read.",
                  "`rayctl import` keeps the file aside and rebuilds the record from what runs."},
    ErrorCodeInfo{Code::kStateTooNew, Exit::kUnclassified,
                  "The record of the cluster was written by a newer rayctl.",
                  "Use that version or a later one."},
    ErrorCodeInfo{Code::kStateConflict, Exit::kStale, "Another writer changed the record first.",
                  "Plan again: the new plan starts from what that writer left."},
    ErrorCodeInfo{Code::kStateLineage, Exit::kStale,
                  "What was pushed is an older state or that of another cluster.",
                  "Pull, compare, and push what follows from it."},
    ErrorCodeInfo{Code::kStateMissing, Exit::kUnclassified,
                  "Nothing is recorded of this cluster here.",
                  "Check --state and the cluster's name, or rebuild with `rayctl import`."},
    ErrorCodeInfo{Code::kOlderProgram, Exit::kStale, "A newer rayctl works on this cluster.",
                  "Use that version or a later one."},
    ErrorCodeInfo{Code::kPlanStale, Exit::kStale,
                  "The plan no longer fits the cluster or the YAML.", "Make a new plan."},
    ErrorCodeInfo{Code::kPreconditionFailed, Exit::kStale,
                  "A node was no longer as the plan had seen it when its step was due.",
                  "Make a new plan."},
    ErrorCodeInfo{Code::kPlanUnreadable, Exit::kConfig,
                  "The file is no plan that this rayctl can read.",
                  "Make it again with `rayctl plan --out FILE`."},
    ErrorCodeInfo{Code::kPlanNeedsDecision, Exit::kPolicy,
                  "The plan waits for a decision of yours.",
                  "The plan lists what to decide, and the flag for each."},
    ErrorCodeInfo{Code::kForeignMachine, Exit::kPolicy,
                  "Machines carry this cluster's name but were not made for it.",
                  "`rayctl import` takes them in; or give the cluster another name."},
    ErrorCodeInfo{Code::kProviderUnavailable, Exit::kTimeout, "The provider does not answer.",
                  "Try again later; nothing was changed there."},
    ErrorCodeInfo{Code::kProviderRefused, Exit::kUnclassified, "The provider refused a request.",
                  "Its own words are in the message."},
    ErrorCodeInfo{Code::kCredentials, Exit::kCredentials,
                  "Credentials are missing, expired, or lack a right.",
                  "Log in again, or grant the right that the message names."},
    ErrorCodeInfo{Code::kRayUnreachable, Exit::kTimeout, "Ray's head cannot be reached.",
                  "`rayctl status` says whether its machine runs."},
    ErrorCodeInfo{Code::kRayRefused, Exit::kUnclassified, "Ray refused a request.",
                  "Its own words are in the message."},
    ErrorCodeInfo{Code::kCommandFailed, Exit::kIncomplete, "A command failed on a node.",
                  "Its last lines are printed."},
    ErrorCodeInfo{Code::kConnectionLost, Exit::kUnclassified, "The connection to a node broke.",
                  "Run it again; a set-up that still runs there is waited for, not repeated."},
    ErrorCodeInfo{
        Code::kHostKeyChanged, Exit::kCredentials, "A node shows another host key than before.",
        "Find out why before you go on: if the machine was set up anew, forget its old key with "
        "`rayctl state unpin`."},
};

}  // namespace

std::span<const ErrorCodeInfo> error_codes() {
  return kRows;
}

const ErrorCodeInfo& error_code_info(ErrorCode code) {
  for (const ErrorCodeInfo& row : kRows) {
    if (row.code == code) return row;
  }
  return kRows.front();
}

}  // namespace rayctl
