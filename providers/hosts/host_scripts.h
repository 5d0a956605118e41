#pragma once
#include <string>

namespace rayctl::hosts {

// The host's side of a lease: POSIX sh with `flock` (util-linux or busybox). Each is run as
// sh -c SCRIPT rayctl-host ARGUMENTS. On the host, in ~/.rayctl/host/:
//   tags   whose the host is (host_tags.h); the host is free while it is not there
//   lock   held (flock) while `tags` is changed; goes with the last file of ours
// `tags` is written whole or not at all: a draft beside it, then a rename, which free no name in
// between. So a kill at any moment leaves a host that is taken or free, and nothing between.

/// No arguments. Prints the tags; nothing if there are none. Takes no lock.
std::string look_script();
/// No arguments. Prints how many processors and NVIDIA GPUs there are: "8 1".
std::string size_script();
/// Arguments: token. Input: tags. Takes the host if it is free. Prints "made", "same" (it was taken
/// with this token before) or "taken", and from the next line on the tags that it has now.
std::string take_script();
/// Arguments: cluster id ("": any). Input: tags to add. Exits with 65 if the host is not that
/// cluster's (any more).
std::string tag_script();
/// Arguments: cluster id ("": any). Removes all of ~/.rayctl, `tags` last but for the lock and the
/// folders. Does nothing if the host is not that cluster's.
std::string release_script();

inline constexpr int kNotOurs = 65;
/// The tag that names the host as it was addressed when it was taken.
inline constexpr char kTagHost[] = "rayctl-host";

}  // namespace rayctl::hosts
