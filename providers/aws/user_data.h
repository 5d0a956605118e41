#pragma once
#include <cstddef>
#include <string>

#include "base/result.h"

namespace rayctl::aws {

/// What EC2 takes of user data at most, in bytes before base64.
inline constexpr std::size_t kLargestUserData = 16'384;

/// The user data by which cloud-init also puts `public_line` into the authorized_keys of the
/// image's default user, beside the key pair's. What the user gave is handed to cloud-init
/// unchanged, as the first part of a message whose second part is the key. Data in base64 counts as
/// what it stands for. What is not for cloud-init (`<powershell>`, say) is given back as it is. The
/// same arguments give the same bytes. kConfigInvalid where it becomes larger than
/// kLargestUserData, or is compressed.
Result<std::string> with_ssh_key(const std::string& user_data, const std::string& public_line);

}  // namespace rayctl::aws
