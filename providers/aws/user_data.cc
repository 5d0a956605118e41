#include "providers/aws/user_data.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "base/digest.h"
#include "base/text.h"
#include "model/json.h"
#include "net/ssh_key.h"

namespace rayctl::aws {
namespace {

struct Kind {
  std::string_view begins, type;
};

// As cloud-init tells them apart (cloudinit/handlers): the longest beginning first, case and space
// before it do not count.
constexpr std::array kKinds = std::to_array<Kind>({
    {"#cloud-config-archive", "text/cloud-config-archive"},
    {"#cloud-config-jsonp", "text/cloud-config-jsonp"},
    {"## template: jinja", "text/jinja2"},
    {"#cloud-boothook", "text/cloud-boothook"},
    {"#include-once", "text/x-include-once-url"},
    {"#cloud-config", "text/cloud-config"},
    {"#part-handler", "text/part-handler"},
    {"#include", "text/x-include-url"},
    {"#!", "text/x-shellscript"},
});
// cloud-init looks no further for the header that makes data a message.
constexpr std::size_t kHeadersWithin = 4096;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lower_case(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), lower);
  return result;
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool is_message(std::string_view data) {
  const std::string head = lower_case(data.substr(0, kHeadersWithin));
  const std::size_t name = head.find_first_not_of("abcdefghijklmnopqrstuvwxyz-");
  return name != 0 && name != std::string::npos && head[name] == ':' &&
         head.find("mime-version:") != std::string::npos;
}

bool is_compressed(std::string_view data) {
  return data.starts_with("\x1f\x8b");
}

/// The type of a part of this content; "" for what cloud-init does not know.
std::string_view type_of(std::string_view data) {
  const std::string begin = lower_case(trim(data).substr(0, 64));
  for (const Kind& kind : kKinds) {
    if (begin.starts_with(kind.begins)) return kind.type;
  }
  return "";
}

bool is_for_cloud_init(std::string_view data) {
  return is_compressed(data) || is_message(data) || !type_of(data).empty();
}

std::string config_with(const std::string& public_line) {
  return "#cloud-config\nssh_authorized_keys:\n  - " + Json(public_line).dump() + "\n";
}

std::string part_of(const std::string& data) {
  // A message is a part as it stands: its headers are the part's.
  if (is_message(data)) return data;
  // cloud-init reads a message as text, and spoils in it what is not ASCII.
  const bool plain = is_ascii(data);
  return "Content-Type: " + std::string(type_of(data)) +
         "; charset=\"utf-8\"\nContent-Transfer-Encoding: " + (plain ? "7bit" : "base64") + "\n\n" +
         (plain ? data : to_base64(data));
}

std::string message_of(const std::string& data, const std::string& public_line) {
  const std::string first = part_of(data);
  // Later parts replace the lists of earlier ones unless they say otherwise.
  const std::string second =
      "Content-Type: text/cloud-config; charset=\"utf-8\"\n"
      "Merge-Type: list(append)+dict(recurse_array,no_replace)+str()\n\n" +
      config_with(public_line);
  const std::string boundary = "rayctl-" + short_digest(first + second);
  std::string message =
      "Content-Type: multipart/mixed; boundary=\"" + boundary + "\"\nMIME-Version: 1.0\n\n";
  for (const std::string& part : {first, second}) {
    message += "--";
    message += boundary + "\n" + part + "\n";
  }
  return message + "--" + boundary + "--\n";
}

Error refused(const std::string& why, const std::string& remedy) {
  return permanent(ErrorCode::kConfigInvalid,
                   "the autoscaler's SSH key cannot be added to UserData: " + why + ": " + remedy);
}

}  // namespace

Result<std::string> with_ssh_key(const std::string& user_data, const std::string& public_line) {
  if (trim(user_data).empty()) return config_with(public_line);
  std::string data = user_data;
  if (!is_for_cloud_init(data)) {
    std::optional<std::string> decoded = from_base64(data);
    if (!decoded || !is_for_cloud_init(*decoded)) return user_data;
    data = *std::move(decoded);
  }
  if (is_compressed(data)) return refused("it is compressed", "give it as plain text");
  std::string message = message_of(data, public_line);
  if (message.size() <= kLargestUserData) return message;
  return refused("with it there would be " + std::to_string(message.size()) +
                     " bytes, and EC2 takes " + std::to_string(kLargestUserData),
                 "shorten it, or let it be `#include` and the URL of what it is now");
}

}  // namespace rayctl::aws
