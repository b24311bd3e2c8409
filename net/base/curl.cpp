#include "net/base/curl.h"

#include <csignal>
#include <stdexcept>

namespace crmpulse::net {

void initialise_curl_once() {
  static const CURLcode outcome = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (outcome != CURLE_OK) throw std::runtime_error("libcurl cannot be initialised");
}

void block_broken_pipe_signal() {
#ifdef SIGPIPE
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
#endif
}

}  // namespace crmpulse::net
