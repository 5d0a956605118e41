#include <algorithm>
#include <charconv>

#include "model/codec_reader.h"

namespace rayctl {

namespace codec {

namespace {

/// What a document is called in messages, and the codes of its mistakes.
struct Document {
  const char* name;
  std::string_view format;
  ErrorCode unreadable, too_new;
};
constexpr Document kPlanDocument{"plan", kPlanFormat, ErrorCode::kPlanUnreadable,
                                 ErrorCode::kPlanUnreadable};
constexpr Document kStateDocument{"state", kStateFormat, ErrorCode::kStateCorrupt,
                                  ErrorCode::kStateTooNew};

Error refuse(const Document& document, const std::string& path, const std::string& mistake) {
  return permanent(document.unreadable,
                   std::string("not a readable ") + document.name + ": $" + path + ": " + mistake);
}

/// The number before the dot, or -1.
int major_of(std::string_view version) {
  int major = -1;
  const std::size_t dot = version.find('.');
  const auto end =
      std::from_chars(version.data(), version.data() + std::min(dot, version.size()), major);
  const bool whole =
      end.ec == std::errc{} && dot != std::string_view::npos && end.ptr == version.data() + dot;
  return whole ? major : -1;
}

Result<> check_version(const Json& json, const Document& document) {
  if (!json.is_object()) return refuse(document, "", "expected a record");
  const auto found = json.find("format_version");
  if (found == json.end() || !found->is_string()) {
    return refuse(document, "", "\"format_version\" is missing");
  }
  const std::string& version = found->get_ref<const std::string&>();
  const int major = major_of(version);
  if (major > major_of(document.format)) {
    return permanent(document.too_new, std::string("this ") + document.name + " has format " +
                                           version + " and this rayctl reads up to " +
                                           std::string(document.format) +
                                           ": use the rayctl that wrote it, or a newer one");
  }
  if (major < major_of(document.format)) {
    return refuse(document, ".format_version", "\"" + version + "\" is no format that ever was");
  }
  return {};
}

template <class T>
Result<T> read_as(const Json& json, const Document& document) {
  Reader reader;
  T value;
  if (!reader.read(json, value)) return refuse(document, reader.path, reader.mistake);
  return value;
}

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

Result<Json> parse(std::string_view text, const Document& document) {
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return refuse(document, "", "not JSON, or cut off");
  return json;
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
