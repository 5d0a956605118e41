#pragma once
#include "model/observed.h"
#include "model/snapshot.h"

namespace rayctl {

/// Whether `then` is so near to `now` that a list may omit what was made then (eventual
/// consistency). Not what lies far in the future: the clock was set back since.
bool is_recent(Time then, Time now);

/// Whether the provider's list may lack what it made at `then`.
bool may_lack(const ProviderName& provider, Time then, const Observed& observed);

/// Whether the machine of a record may be there although its provider's list lacks it: it, or the
/// launch that goes on (`launching`), is recent, and the list does not have everything.
bool may_be_unlisted(const NodeRecord& record, bool launching, const Observed& observed);

}  // namespace rayctl
