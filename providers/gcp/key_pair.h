#pragma once
#include <optional>
#include <string>
#include <vector>

#include "providers/provider.h"

namespace rayctl::gcp {

// The key that machines are reached with, where the config brings none. Its public half goes into
// the metadata of each machine at its launch, so that it opens no other machine of the project and
// nothing of it is left when they are gone: the key pair is there when its file is. Names are those
// of Ray (python/ray/autoscaler/_private/gcp/config.py), `ray-autoscaler_gcp_<region>_<project>_
// <user>_<number>`; ours lie in ~/.ssh/<name>.pem, Ray's in ~/.ssh/<name>, where we take them up
// and Ray never takes up ours.

/// What a key pair is for: the spec's `want`, {"region", "project", "user"}.
std::string key_pair_name(const Json& want, int index);

/// Where the private half of a pair is: Ray's file where there is one and none of ours.
std::string key_pair_file(const std::string& home, const std::string& name);

struct KeyPairSeen {
  std::string name;
  std::string file;         ///< where the private half is, or will be
  std::string public_line;  ///< "ssh-ed25519 AAAA...", without a comment; "" if it is not there
  std::optional<ClusterId> cluster;
  std::vector<Diagnostic> blocked;  ///< it is there, and nobody could log in with it
};

/// The file of the key that Ray's launcher takes: the first number that has one, else the first.
std::string rays_key_file(const std::string& home, const Json& want);

/// Whether a line is a public key, "ssh-ed25519 AAAA..." and whatever follows.
bool is_public_key(const std::string& line);
/// The public half of the private key in a file, or in the file beside it that ends in ".pub".
std::optional<std::string> public_half(const std::string& file);

/// Looks for the pair that is recorded, else for a key of this cluster, else for Ray's choice: the
/// first number that has a file which is no other cluster's, or none. Reads this machine's disk
/// alone.
Result<KeyPairSeen> find_key_pair(const ResourceScope& scope, const std::string& home,
                                  const Json& want);
/// Finds the key, or makes it. A private key is never overwritten. kPermanent where find_key_pair
/// is blocked, kIo where the file cannot be written.
Result<KeyPairSeen> make_key_pair(const ResourceScope& scope, const std::string& home,
                                  const Json& want);
/// Removes the files of this cluster's keys.
Result<> remove_key_pairs(const ResourceScope& scope, const std::string& home);

}  // namespace rayctl::gcp
