#include "providers/kubernetes/channels.h"

#include <charconv>
#include <initializer_list>

#include "providers/kubernetes/errors.h"

namespace rayctl::kubernetes {
namespace {

std::optional<int> number(const std::string& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string on_channel(Channel channel, std::string_view bytes) {
  std::string message;
  message.reserve(bytes.size() + 1);
  message += static_cast<char>(channel);
  message += bytes;
  return message;
}

std::string end_of_input() {
  return on_channel(Channel::kClose, std::string(1, static_cast<char>(Channel::kIn)));
}

Result<int> exit_code(const std::string& text) {
  Json json = Json::parse(text, nullptr, false);
  // On this channel a Status comes without its kind.
  if (json.is_object() && json.contains("status")) json["kind"] = "Status";
  const ApiStatus status = read_status(json);
  if (!status.given) {
    return unknown_outcome(ErrorCode::kConnectionLost, "how the command ended was not said");
  }
  if (json.value("status", "") == "Success") return 0;
  for (const ApiStatus::Cause& cause : status.causes) {
    if (cause.reason != "ExitCode") continue;
    if (const auto code = number(cause.message)) return *code;
  }
  // As kubelet and containerd word it; any other failure may have come after the start.
  for (const char* words : {"not found", "not running", "failed to start", "is not created",
                            "unable to start", "executable file", "pod does not exist"}) {
    if (status.message.find(words) != std::string::npos)
      return transient(ErrorCode::kContainerFailed, status.message);
  }
  return unknown_outcome(ErrorCode::kCommandFailed, status.message);
}

}  // namespace rayctl::kubernetes
