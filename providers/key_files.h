#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/names.h"
#include "net/ssh_key.h"

namespace rayctl {

// Private keys of key pairs on this machine, in ~/.ssh. One that rayctl made says so in its
// comment, which lies inside the file: it cannot be parted from it.

/// ~/.ssh/<name>.pem, as Ray has it.
std::filesystem::path key_file(const std::string& home, const std::string& name);
/// The comment of this cluster's keys.
std::string key_marker(const ClusterId& id);
/// Whether rayctl made the key, for whichever cluster.
bool is_rayctls(const SshKeyFacts& key);
/// Whether there is anything at the path, a dangling link too.
bool is_there(const std::filesystem::path& path);
/// What the key in a file says of itself; nullopt where there is none, or none that is readable.
std::optional<SshKeyFacts> key_in(const std::filesystem::path& path);
/// Whether the file is a key that rayctl made for this cluster. False for the id "".
bool is_key_of(const ClusterId& id, const std::filesystem::path& path);
/// Writes a private key, for its owner alone, where there is nothing yet: whole or not at all.
/// false if something is there, which is left as it is.
Result<bool> write_new_key(const std::filesystem::path& path, const std::string& private_text);
/// Every private key of this cluster in a folder, half-written ones too.
std::vector<std::filesystem::path> keys_of(const ClusterId& id,
                                           const std::filesystem::path& folder);
/// Succeeds if it is not there.
Result<> remove_key_file(const std::filesystem::path& path);

}  // namespace rayctl
