#pragma once
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "net/http_client.h"

namespace rayctl::aws {

/// Who signs. Never printed.
struct SigningKey {
  std::string access_key, secret_key;
  std::string session_token;  ///< "" for keys that last
  bool operator==(const SigningKey&) const = default;
};

/// What a signature is good for.
struct SigningScope {
  std::string region, service;
};

/// The headers that sign `request` by AWS's Signature Version 4, to be added to it: X-Amz-Date,
/// X-Amz-Security-Token where there is a token, Authorization. All of the request's headers are
/// signed, and Host as the URL has it. The URL's path has to be in its normal form. Pure.
std::vector<std::pair<std::string, std::string>> sign(const HttpRequest& request,
                                                      const SigningKey& key,
                                                      const SigningScope& scope, Time now);

}  // namespace rayctl::aws
