#pragma once
// A chat's request as its reader sees it, without colours and fonts: for the pictures of docs/receivers.md.

#include <string>
#include <string_view>

#include "net/client/http_client.h"

namespace crmpulse::test {

/// Links are written `text <url>`, buttons `[text] <url>`. Empty for a type that is not a chat.
[[nodiscard]] std::string as_read(std::string_view type, const net::ClientRequest& request);

}  // namespace crmpulse::test
