#pragma once
// Hands a prepared request or mail to the client that sends it.

#include "collector/receivers/base/receiver.h"

namespace crmpulse::collector {

/// The clients that requests leave the collector by. Both are thread-safe.
struct Clients {
  net::HttpClient& http;
  net::MailClient& mail;
};

/// Sends a request or a mail. `forbid` is the receiver's policy for the addresses its name resolves to.
void dispatch(const Clients& clients, Outgoing outgoing, net::Forbid forbid, net::HttpClient::Callback callback);

}  // namespace crmpulse::collector
