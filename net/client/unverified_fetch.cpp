#include "net/client/unverified_fetch.h"

#include <fmt/format.h>

#include <array>

#include "core/failure/failure.h"
#include "core/loop_thread.h"
#include "net/base/curl.h"
#include "net/base/endpoint.h"
#include "net/base/networks.h"
#include "net/base/proxy.h"
#include "net/base/url.h"

namespace crmpulse::net {
namespace {

constexpr long kGood = 200;
constexpr std::size_t kMostShown = 200;

struct Body {
  std::string text;
  std::size_t most = 0;
  bool too_large = false;
};

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self) {
  Body& body = *static_cast<Body*>(self);
  const std::size_t bytes = size * count;
  body.too_large = bytes > body.most - body.text.size();
  if (body.too_large) return 0;
  body.text.append(data, bytes);
  return bytes;
}

}  // namespace

Result<std::string> fetch_unverified(const std::string& url, std::size_t most, Duration timeout) {
  CRMPULSE_OFF_LOOP();
  const Result<Url> parsed = parse_url(url);
  if (!parsed) return parsed.error();
  if (parsed->scheme != "https") return Error{"the address must begin with https://"};
  initialise_curl_once();
  const EasyHandle easy{curl_easy_init()};
  if (!easy) return Error{"libcurl has no handle to give"};
  CURL* const handle = easy.get();
  Body body{{}, most, false};
  std::array<char, CURL_ERROR_SIZE> why{};
  std::optional<ProxyChoice> proxy;
  if (!is_loopback_host(without_brackets(parsed->host)))
    proxy = proxy_of_environment(true, parsed->host, process_environment);
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, why.data());
  curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "https");
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
  curl_easy_setopt(handle, CURLOPT_PROXY, proxy ? proxy->url.c_str() : "");
  curl_easy_setopt(handle, CURLOPT_NOPROXY, "");  // looked at already
  curl_easy_setopt(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 0L);
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 0L);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &on_body);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &body);
  const CURLcode code = curl_easy_perform(handle);
  if (body.too_large) return Error{fmt::format("the answer of {} is larger than {} bytes", parsed->origin(), most)};
  if (code != CURLE_OK) {
    const std::string_view text = why.front() != '\0' ? why.data() : curl_easy_strerror(code);
    return Error{fmt::format("{}: {}", parsed->origin(), one_line(text, kMostShown))};
  }
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  if (status != kGood) return Error{fmt::format("{} answered {}", parsed->origin(), status)};
  return std::move(body.text);
}

}  // namespace crmpulse::net
