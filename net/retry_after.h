#pragma once
#include "net/http_client.h"

namespace rayctl {

/// What a Retry-After header asks for, in seconds, at most an hour; none: 0. A date counts as none.
Millis retry_after(const HttpResponse& response);

}  // namespace rayctl
