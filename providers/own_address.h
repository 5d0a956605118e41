#pragma once
#include <string>

#include "model/config.h"
#include "net/http_client.h"

namespace rayctl {

/// The address of this machine as the internet sees it, from `rayctl.address_url`, by default
/// kAddressUrl. kNotSupported where the config says that nobody is asked, and where machines see
/// another address (use_internal_ips). Asks for 5 s at most.
Result<std::string> own_address(const Config& config, HttpClient& http, Clock& clock,
                                Time deadline);

/// A service that says it to everybody.
inline constexpr char kAddressUrl[] = "https://checkip.amazonaws.com";

}  // namespace rayctl
