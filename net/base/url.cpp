#include "net/base/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <new>
#include <span>

#include "core/text/ascii.h"
#include "core/text/percent.h"
#include "net/base/curl.h"
#include "net/base/host_name.h"

namespace crmpulse::net {
namespace {

using Handle = std::unique_ptr<CURLU, CurlDelete>;

Handle make_handle() {
  Handle handle{curl_url()};
  if (!handle) throw std::bad_alloc{};
  return handle;
}

CURLUcode set(const Handle& handle, CURLUPart part, const std::string& text,
              unsigned flags = CURLU_NON_SUPPORT_SCHEME) {
  return curl_url_set(handle.get(), part, text.c_str(), flags);
}

std::string get(const Handle& handle, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(handle.get(), part, &text, 0) != CURLUE_OK) return {};
  const std::unique_ptr<char, decltype(&curl_free)> owned{text, &curl_free};
  return text;
}

bool is_unprintable(char c) {
  return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f;
}

std::string_view words_for(CURLUcode code, Schemes schemes) {
  switch (code) {
    case CURLUE_OK:
    case CURLUE_NO_HOST: return "it has no host";
    case CURLUE_BAD_PORT_NUMBER: return "what follows its host is not a port (1 to 65535)";
    case CURLUE_BAD_HOSTNAME:
    case CURLUE_BAD_IPV6: return "its host is neither a name nor an address";
    case CURLUE_BAD_SCHEME:
    case CURLUE_BAD_SLASHES:
    case CURLUE_MALFORMED_INPUT:
    case CURLUE_UNSUPPORTED_SCHEME:
      return schemes == Schemes::web ? "it must begin with https:// or http://; write https://crm.example.com"
                                     : "it must begin with a scheme, as in http://host";
    default: return curl_url_strerror(code);
  }
}

/// CURLU takes one to three slashes behind the scheme, and what follows them for the host.
bool has_two_slashes(std::string_view text, std::size_t scheme) {
  return text.substr(scheme).starts_with("://") && !text.substr(scheme + 3).starts_with('/');
}

unsigned short own_port(std::string_view scheme) {
  if (scheme == "https") return 443;
  return scheme == "http" ? 80 : 0;
}

}  // namespace

unsigned short Url::port_used() const {
  return port != 0 ? port : own_port(scheme);
}

std::string Url::authority() const {
  const std::string name = ascii::lower(host);
  return port == 0 || port == own_port(scheme) ? name : fmt::format("{}:{}", name, port);
}

std::string Url::origin() const {
  return fmt::format("{}://{}", scheme, authority());
}

Result<Url> parse_url(const std::string& text, Schemes schemes) {
  const auto refused = [](std::string_view why) { return Error{fmt::format("is not a valid URL: {}", why)}; };
  if (std::any_of(text.begin(), text.end(), is_unprintable))
    return refused("it has a blank or a control character in it; write %20 for a blank");
  const Handle handle = make_handle();
  if (const CURLUcode code = set(handle, CURLUPART_URL, text); code != CURLUE_OK)
    return refused(words_for(code, schemes));
  Url url{ascii::lower(get(handle, CURLUPART_SCHEME)),
          get(handle, CURLUPART_USER),
          get(handle, CURLUPART_PASSWORD),
          get(handle, CURLUPART_HOST),
          0,
          get(handle, CURLUPART_PATH),
          get(handle, CURLUPART_QUERY),
          get(handle, CURLUPART_FRAGMENT)};
  if (schemes == Schemes::web && url.scheme != "http" && url.scheme != "https")
    return refused(words_for(CURLUE_UNSUPPORTED_SCHEME, schemes));
  if (url.host.empty() || !has_two_slashes(text, url.scheme.size())) return refused(words_for(CURLUE_NO_HOST, schemes));
  if (auto fault = host_fault(url.host)) return Error{*std::move(fault)};
  const std::string port = get(handle, CURLUPART_PORT);
  std::from_chars(port.data(), port.data() + port.size(), url.port);
  if (!port.empty() && url.port == 0) return refused(words_for(CURLUE_BAD_PORT_NUMBER, schemes));
  return url;
}

Result<std::string> resolve_url(const std::string& base, const std::string& reference) {
  const Handle handle = make_handle();
  CURLUcode code = set(handle, CURLUPART_URL, base);
  if (code == CURLUE_OK) code = set(handle, CURLUPART_URL, reference, CURLU_URLENCODE);
  if (code != CURLUE_OK) return Error{fmt::format("is not a valid URL: {}", words_for(code, Schemes::web))};
  for (const CURLUPart part : {CURLUPART_FRAGMENT, CURLUPART_USER, CURLUPART_PASSWORD})
    curl_url_set(handle.get(), part, nullptr, 0);
  std::string url = with_ascii_host(get(handle, CURLUPART_URL));
  if (const Result<Url> parsed = parse_url(url); !parsed) return parsed.error();
  return url;
}

std::string with_login(const std::string& url, std::string_view user, std::string_view password) {
  const Handle handle = make_handle();
  if (set(handle, CURLUPART_URL, url) != CURLUE_OK || set(handle, CURLUPART_USER, percent_encoded(user)) != CURLUE_OK ||
      set(handle, CURLUPART_PASSWORD, percent_encoded(password)) != CURLUE_OK)
    return url;
  return get(handle, CURLUPART_URL);
}

std::string with_ascii_host(const std::string& url) {
  const Handle handle = make_handle();
  if (set(handle, CURLUPART_URL, url) != CURLUE_OK) return url;
  const std::string host = get(handle, CURLUPART_HOST);
  const Result<std::string> ascii = ascii_host(host);
  if (!ascii || *ascii == host || set(handle, CURLUPART_HOST, *ascii) != CURLUE_OK) return url;
  return get(handle, CURLUPART_URL);
}

std::string with_parameter(std::string url, std::string_view name, std::string_view value) {
  const std::size_t end = std::min(url.find('#'), url.size());
  const bool first = std::string_view{url}.substr(0, end).find('?') == std::string_view::npos;
  return url.insert(end, fmt::format("{}{}={}", first ? '?' : '&', percent_encoded(name), percent_encoded(value)));
}

std::string with_lower_scheme(std::string url) {
  // A host without a scheme keeps its letters.
  const std::size_t end = url.find(':');
  if (end == std::string::npos) return url;
  const auto scheme = std::span{url}.first(end);
  const bool is_scheme = std::all_of(scheme.begin(), scheme.end(), [](char c) {
    return ascii::is_letter(c) || ascii::is_digit(c) || c == '+' || c == '-' || c == '.';
  });
  if (is_scheme) std::transform(scheme.begin(), scheme.end(), scheme.begin(), [](char c) { return ascii::lower(c); });
  return url;
}

}  // namespace crmpulse::net
