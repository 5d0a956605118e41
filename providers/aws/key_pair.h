#pragma once
#include <optional>
#include <string>
#include <vector>

#include "providers/aws/resource_calls.h"

namespace rayctl::aws {

// The key pair that machines are reached with, where the config brings none. Names and files are
// those of Ray (python/ray/autoscaler/_private/aws/config.py, key_pair), so that its commands find
// the key that we made, and we the one that it made: `ray-autoscaler_<region>` and numbered ones
// after it, or provider.key_pair.key_name; the private half in ~/.ssh/<name>.pem.
//
// The key is made on this machine: its file, whose comment is `rayctl <cluster id>`, is there
// before EC2 knows the public half. A crash leaves at worst a file that the next run takes up.

/// `given` is provider.key_pair.key_name, "" for none; `index` counts from 0.
std::string key_pair_name(const std::string& region, const std::string& given, int index);

/// What was found of a cluster's key pair, or the name that is free for it.
struct KeyPairSeen {
  std::string name;
  std::string id;  ///< EC2's; "" if it is not there
  std::optional<ClusterId> cluster;
  std::vector<Diagnostic> blocked;  ///< it is there, and nobody could log in with it
};

/// Looks for the pair that is recorded, else for one with this cluster's tag, else for Ray's
/// choice: the first name of which both pair and file are there, or neither is. `want` is the
/// spec's: {"region", "key_name"}.
Result<KeyPairSeen> find_key_pair(const ResourceJob& job, const std::string& home,
                                  const Json& want);
/// Says what is wrong with the private half of a pair that is taken as it was recorded; reads
/// nothing but this machine's disk.
std::vector<Diagnostic> missing_key_file(const std::string& home, const std::string& name);
/// Finds the pair, or makes it. Repeating it makes nothing twice; a private key is never
/// overwritten. kPermanent where find_key_pair is blocked, kIo where the file cannot be written.
Result<KeyPairSeen> make_key_pair(const ResourceJob& job, const std::string& home,
                                  const Json& want);
/// Removes the pairs that carry this cluster's id, then their files here. One that machines of
/// others use stays, with its file.
Result<> remove_key_pairs(const ResourceJob& job, const std::string& home);

}  // namespace rayctl::aws
