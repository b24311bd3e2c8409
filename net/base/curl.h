#pragma once
// Private to net/: what every thread that works with libcurl needs.

#include <curl/curl.h>

#include <memory>

namespace crmpulse::net {

struct CurlDelete {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using EasyHandle = std::unique_ptr<CURL, CurlDelete>;

struct MultiDelete {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
using MultiHandle = std::unique_ptr<CURLM, MultiDelete>;

/// Throws std::runtime_error.
void initialise_curl_once();
/// A TLS library may write to a socket whose other side has gone. Only the calling thread's signals: the program's are
/// its own.
void block_broken_pipe_signal();

}  // namespace crmpulse::net
