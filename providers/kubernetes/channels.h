#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/json.h"

namespace rayctl::kubernetes {

// How Kubernetes carries several streams over one WebSocket: the first byte of each message is the
// stream's number. https://kubernetes.io/docs/reference/using-api/streaming-protocols/ and
// k8s.io/apimachinery/pkg/util/remotecommand/constants.go of 0.33. Pure, as all here.

inline constexpr char kExecProtocol[] = "v5.channel.k8s.io";
inline constexpr char kForwardProtocol[] = "v4.channel.k8s.io";

enum class Channel : unsigned char { kIn = 0, kOut = 1, kErr = 2, kStatus = 3, kClose = 255 };

/// A message of a stream.
std::string on_channel(Channel channel, std::string_view bytes);
/// The end of our standard input (v5).
std::string end_of_input();

/// How a program ended, from what came on kStatus: its exit code; kContainerFailed (kTransient) if
/// it was not started; kUnknown if the text says neither.
Result<int> exit_code(const std::string& status);

}  // namespace rayctl::kubernetes
