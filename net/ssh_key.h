#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rayctl {

/// A key for logging in over SSH.
struct SshKey {
  std::string private_text;  ///< the file of the private key, as OpenSSH writes it; no passphrase
  std::string public_line;   ///< "ssh-ed25519 AAAA... comment", no newline
};

/// Makes an ED25519 key with the operating system's randomness. The comment, one line, stands in
/// both halves. Thread-safe; fails only when there is no randomness to be had.
Result<SshKey> make_ssh_key(std::string_view comment);

/// What the file of a private key says without a passphrase.
struct SshKeyFacts {
  std::string public_line;  ///< "ssh-rsa AAAA...", without a comment
  std::string comment;      ///< "" where the form has none (PEM) or hides it (a passphrase)
  bool operator==(const SshKeyFacts&) const = default;
};

/// Reads a private key in OpenSSH's own form (of any kind), or in PEM (RSA and ED25519). nullopt:
/// something else, or a PEM that needs a passphrase. Never asks for one.
std::optional<SshKeyFacts> read_ssh_key(std::string_view private_text);

/// Whether two public lines are of one key: the comments do not count. False if one is no key.
bool same_ssh_key(std::string_view line, std::string_view other);

/// RFC 4648, with padding, in one line.
std::string to_base64(std::string_view bytes);
/// White space between is skipped; nullopt if the rest is not base64.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace rayctl
