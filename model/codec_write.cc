#include "model/codec_writer.h"

namespace rayctl {

namespace codec {

std::string code_text(ErrorCode code) {
  std::string digits = std::to_string(static_cast<int>(code));
  if (digits.size() < 4) digits.insert(0, 4 - digits.size(), '0');
  return "RAYCTL-" + digits;
}

}  // namespace codec

using codec::text_of;

std::string encode(const Snapshot& snapshot) {
  return text_of(snapshot);
}
std::string encode(const Plan& plan) {
  return text_of(plan);
}
std::string encode(const Action& action) {
  return text_of(action);
}
std::string encode(const std::vector<LaunchAttempt>& attempts) {
  return text_of(attempts);
}
std::string encode(const ResourceRecord& record) {
  return text_of(record);
}

Json to_json(const SpecDigests& digests) {
  return Json::parse(text_of(digests));
}
Json to_json(const NodeSpec& spec) {
  return Json::parse(text_of(spec));
}
Json to_json(const Action& action) {
  return Json::parse(text_of(action));
}
Json to_json(const NodeRecord& record) {
  return Json::parse(text_of(record));
}
Json to_json(const OpenOp& op) {
  return Json::parse(text_of(op));
}
Json to_json(const Snapshot& snapshot) {
  return Json::parse(text_of(snapshot));
}
Json to_json(const Step& step) {
  return Json::parse(text_of(step));
}
Json to_json(const Plan& plan) {
  return Json::parse(text_of(plan));
}
Json to_json(const CloudNode& node) {
  return Json::parse(text_of(node));
}

Json to_json(const Error& error) {
  const ErrorCodeInfo& info = error_code_info(error.code);
  return {{"code", codec::code_text(error.code)},
          {"context", error.context},
          {"message", error.message},
          {"remedy", std::string(info.remedy)}};
}

const char* to_text(Reason reason) {
  return codec::kWords<Reason>.at(static_cast<std::size_t>(reason));
}
const char* to_text(Power power) {
  return codec::kWords<Power>.at(static_cast<std::size_t>(power));
}
const char* to_text(Phase phase) {
  return codec::kWords<Phase>.at(static_cast<std::size_t>(phase));
}

}  // namespace rayctl
