#include "providers/own_address.h"

#include <algorithm>

#include "base/text.h"

namespace rayctl {
namespace {

constexpr Millis kPatience{5'000};

}  // namespace

Result<std::string> own_address(const Config& config, HttpClient& http, Clock& clock,
                                Time deadline) {
  const auto internal = config.provider_settings.find("use_internal_ips");
  if (internal != config.provider_settings.end() && *internal == Json(true)) {
    return permanent(ErrorCode::kNotSupported,
                     "with use_internal_ips, the address by which machines see this one can only "
                     "be said");
  }
  const std::string url = config.rayctl.address_url.value_or(kAddressUrl);
  if (url.empty()) return permanent(ErrorCode::kNotSupported, "rayctl.address_url is empty");
  const Time patience = std::min(deadline, clock.now() + kPatience);
  const Result<HttpResponse> answer = http.send({.url = url}, patience);
  if (!answer) return in_context(answer.error(), "asking " + url + " for this machine's address");
  if (answer->status != 200) {
    return permanent(ErrorCode::kProviderRefused,
                     url + " answered with status " + std::to_string(answer->status));
  }
  return trim(answer->body);
}

}  // namespace rayctl
