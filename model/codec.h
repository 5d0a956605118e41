#pragma once
#include <string>
#include <string_view>

#include "model/action.h"
#include "model/json.h"
#include "model/observed.h"
#include "model/plan.h"
#include "model/snapshot.h"
#include "model/spec.h"

namespace rayctl {

// JSON codecs of the model (docs/formats/). The top level is a record; lists hold records; a field
// is present and null rather than absent; keys are ordered; the same input gives the same bytes.
// Version rule: minor adds, major breaks; a reader takes any minor of its own major, refuses a
// higher major with kStateTooNew or kPlanUnreadable, and upgrades lower ones one step at a time.
inline constexpr char kPlanFormat[] = "1.4";
inline constexpr char kStateFormat[] = "1.3";

Json to_json(const SpecDigests& digests);
Json to_json(const NodeSpec& spec);
Json to_json(const Action& action);
Json to_json(const NodeRecord& record);
Json to_json(const OpenOp& op);
Json to_json(const Snapshot& snapshot);  ///< with "format_version"
Json to_json(const Step& step);
Json to_json(const Plan& plan);  ///< with "format_version"
Json to_json(const CloudNode& node);
Json to_json(const Error& error);  ///< {"code": "RAYCTL-0207", "message", "context", "remedy"}

/// The text of to_json, without the tree in between: the way to write thousands of nodes.
std::string encode(const Action& action);
std::string encode(const std::vector<LaunchAttempt>& attempts);
std::string encode(const ResourceRecord& record);
std::string encode(const Snapshot& snapshot);
std::string encode(const Plan& plan);

// Reading never throws: anything that is not exactly such a value gives an Error with the JSON
// path of the first mistake. Fields that this version does not know are passed over.
Result<Action> action_from_json(const Json& json);
Result<NodeSpec> spec_from_json(const Json& json);
Result<NodeRecord> record_from_json(const Json& json);
Result<Snapshot> snapshot_from_json(const Json& json);
Result<Plan> plan_from_json(const Json& json);
Result<Action> decode_action(std::string_view text);
Result<std::vector<LaunchAttempt>> decode_attempts(std::string_view text);
Result<ResourceRecord> decode_resource(std::string_view text);
Result<Snapshot> decode_snapshot(std::string_view text);
Result<Plan> decode_plan(std::string_view text);

const char* to_text(Reason reason);  ///< "missing", "out-of-date", ...
const char* to_text(Power power);
const char* to_text(Phase phase);

}  // namespace rayctl
