#pragma once
// Reads the headers of a remote-write request.

#include <string_view>

#include "core/failure/error.h"
#include "net/server/http_server.h"
#include "wire/remote_write.h"

namespace crmpulse::collector {

/// Which remote-write message the headers announce. The error is for 415.
[[nodiscard]] Result<wire::Version> announced_version(const net::HttpRequest& request);

}  // namespace crmpulse::collector
