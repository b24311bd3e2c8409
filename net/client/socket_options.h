#pragma once
// What a transfer asks of the system and each system calls otherwise. Private to net/client.

#include <curl/curl.h>

#include "core/time/time.h"

namespace crmpulse::net {

/// Returns a socket that programs which this one starts do not inherit, CURL_SOCKET_BAD if there is none.
[[nodiscard]] curl_socket_t open_socket(const curl_sockaddr& address);

/// Ends the connection when what was sent is not acknowledged for so long. Not an error: the system has no such thing.
void give_up_unacknowledged(curl_socket_t socket, Duration after);

/// Makes the authorities that the system trusts those of the transfer, where libcurl does not take them by itself.
void trust_system(CURL* transfer);

/// Returns how long the system waits for a name server's answer before it asks the next one or again.
[[nodiscard]] Duration name_server_patience();

}  // namespace crmpulse::net
