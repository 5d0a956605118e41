#pragma once
#include <string>

#include "transport/delivery.h"
#include "transport/tar_source.h"

namespace rayctl {

/// Puts into the archive what sync_deliver_script() takes: files, or blocks of them, and in
/// kSyncControl what is to be done besides.
void fill_archive(const Delivery& delivery, TarSource& archive);

/// The modes that the script must be told of: "600 755".
std::string modes_to_set(const Delivery& delivery);

}  // namespace rayctl
