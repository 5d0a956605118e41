#include "model/codec_document.h"

namespace rayctl {

namespace codec {

namespace {

constexpr Document kPlanDocument{"plan", kPlanFormat, ErrorCode::kPlanUnreadable,
                                 ErrorCode::kPlanUnreadable};
constexpr Document kStateDocument{"state", kStateFormat, ErrorCode::kStateCorrupt,
                                  ErrorCode::kStateTooNew};

/// What the applier relies on and a hand-made file may break.
Result<> check_steps(const Plan& plan) {
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const Step& step = plan.steps[i];
    const std::string path = ".steps[" + std::to_string(i) + "]";
    if (step.id != static_cast<int>(i)) {
      return refuse(kPlanDocument, path + ".id", "expected " + std::to_string(i));
    }
    for (const int before : step.after) {
      if (before < 0 || before >= step.id) {
        return refuse(kPlanDocument, path + ".after", "a step can only follow an earlier one");
      }
    }
    const auto* create = std::get_if<CreateNodes>(&step.action);
    if (create != nullptr && !plan.specs.contains(create->type)) {
      return refuse(kPlanDocument, path + ".action.type",
                    "\"" + create->type.text + "\" is not in specs");
    }
    const auto* make = std::get_if<MakeResource>(&step.action);
    if (make != nullptr && !plan.resources.contains(make->resource)) {
      return refuse(kPlanDocument, path + ".action.resource",
                    "\"" + make->resource.text + "\" is not in resources");
    }
  }
  return {};
}

}  // namespace

}  // namespace codec

using codec::kPlanDocument;
using codec::kStateDocument;

Result<Action> action_from_json(const Json& json) {
  return codec::read_as<Action>(json, kStateDocument);
}

Result<NodeSpec> spec_from_json(const Json& json) {
  return codec::read_as<NodeSpec>(json, kPlanDocument);
}

Result<NodeRecord> record_from_json(const Json& json) {
  return codec::read_as<NodeRecord>(json, kStateDocument);
}

Result<Snapshot> snapshot_from_json(const Json& json) {
  if (Result<> version = codec::check_version(json, kStateDocument); !version) {
    return version.error();
  }
  return codec::read_as<Snapshot>(json, kStateDocument);
}

Result<Plan> plan_from_json(const Json& json) {
  if (Result<> version = codec::check_version(json, kPlanDocument); !version) {
    return version.error();
  }
  Result<Plan> plan = codec::read_as<Plan>(json, kPlanDocument);
  if (!plan) return plan;
  if (Result<> steps = codec::check_steps(*plan); !steps) return steps.error();
  return plan;
}

Result<Action> decode_action(std::string_view text) {
  const Result<Json> json = codec::parse(text, kStateDocument);
  return json ? action_from_json(*json) : json.error();
}

Result<std::vector<LaunchAttempt>> decode_attempts(std::string_view text) {
  const Result<Json> json = codec::parse(text, kStateDocument);
  if (!json) return json.error();
  return codec::read_as<std::vector<LaunchAttempt>>(*json, kStateDocument);
}

Result<ResourceRecord> decode_resource(std::string_view text) {
  const Result<Json> json = codec::parse(text, kStateDocument);
  return json ? codec::read_as<ResourceRecord>(*json, kStateDocument) : json.error();
}

Result<Snapshot> decode_snapshot(std::string_view text) {
  const Result<Json> json = codec::parse(text, kStateDocument);
  return json ? snapshot_from_json(*json) : json.error();
}

Result<Plan> decode_plan(std::string_view text) {
  const Result<Json> json = codec::parse(text, kPlanDocument);
  return json ? plan_from_json(*json) : json.error();
}

}  // namespace rayctl
