#pragma once
#include "applier/run.h"

namespace rayctl {

// One function per action: performs the effect and says what it leaves in the records. Called
// between the journal's begin and finish. kUnknown means that it may have happened: the operation
// then stays open and the next plan goes on with it.

Result<Effect> act(Run& run, const Step& step, const CreateNodes& action, const OpToken& token);
Result<Effect> act(Run& run, const Step& step, const PrepareContainer& action,
                   const OpToken& token);
Result<Effect> act(Run& run, const Step& step, const SyncFiles& action, const OpToken& token);
Result<Effect> act(Run& run, const Step& step, const SyncFromHead& action, const OpToken& token);
Result<Effect> act(Run& run, const Step& step, const SetUpNode& action, const OpToken& token);
Result<Effect> act(Run& run, const Step& step, const StartRay& action, const OpToken& token);
Result<Effect> act(Run& run, const Step& step, const StopRay& action, const OpToken& token);
Result<Effect> act(Run& run, const Step& step, const DrainNode& action, const OpToken& token);
Result<Effect> act(Run& run, const Step& step, const TerminateNode& action, const OpToken& token);
Result<Effect> act(Run& run, const Step& step, const AdoptNode& action, const OpToken& token);
Result<Effect> act(Run& run, const Step& step, const ForgetNode& action, const OpToken& token);
Result<Effect> act(Run& run, const Step& step, const CloseOp& action, const OpToken& token);
Result<Effect> act(Run& run, const Step& step, const ConfigureAutoscaler& action,
                   const OpToken& token);
Result<Effect> act(Run& run, const Step& step, const MakeResource& action, const OpToken& token);
Result<Effect> act(Run& run, const Step& step, const RemoveResource& action, const OpToken& token);

}  // namespace rayctl
