#pragma once
#include <string>
#include <string_view>

#include "base/result.h"

namespace rayctl {

/// The signature of `bytes` by RSASSA-PKCS1-v1_5 with SHA-256 (RS256 of RFC 7518). kCredentials if
/// the text is no private RSA key in PEM, or one with a passphrase; nothing of it is in the
/// message.
Result<std::string> rs256_sign(std::string_view private_key_pem, std::string_view bytes);

/// RFC 4648 with the alphabet for URLs, without padding.
std::string to_base64url(std::string_view bytes);

}  // namespace rayctl
