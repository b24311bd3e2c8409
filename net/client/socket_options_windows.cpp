#include "net/base/sockets.h"
#include "net/client/socket_options.h"

namespace crmpulse::net {
namespace {

/// TCP_MAXRTMS of Windows 10 1607 and later; mingw-w64 10 has no name for it.
constexpr int kMaxRetransmissionMilliseconds = 14;

}  // namespace

curl_socket_t open_socket(const curl_sockaddr& address) {
  return ::WSASocketW(address.family, address.socktype, address.protocol, nullptr, 0,
                      WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
}

void give_up_unacknowledged(curl_socket_t socket, Duration after) {
  const auto milliseconds = static_cast<DWORD>(after.count());
  (void)::setsockopt(socket, IPPROTO_TCP, kMaxRetransmissionMilliseconds, reinterpret_cast<const char*>(&milliseconds),
                     sizeof milliseconds);
}

void trust_system(CURL* transfer) {
  curl_easy_setopt(transfer, CURLOPT_SSL_OPTIONS, static_cast<long>(CURLSSLOPT_NATIVE_CA));
}

Duration name_server_patience() {
  // Windows asks all its name servers within this and goes on waiting as long again.
  return std::chrono::seconds{5};
}

}  // namespace crmpulse::net
