#include "net/server/http_message.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/http/status.hpp>
#include <iterator>
#include <optional>
#include <utility>

#include "core/text/ascii.h"
#include "core/text/percent.h"

namespace crmpulse::net {
namespace {

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

bool parse_query(std::string_view text, HttpRequest& request) {
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(pair.size() + 1, text.size()));
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    const auto name = percent_decoded(pair.substr(0, equals), true);
    const auto value =
        percent_decoded(equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1), true);
    if (!name || !value) return false;
    if (!request.query.emplace(*name, *value).second) request.repeated_parameters.push_back(*name);
  }
  return true;
}

/// RFC 9112 §3.2.2: a server accepts the absolute form too.
std::string_view without_authority(std::string_view target) {
  const std::size_t scheme = target.find("://");
  if (target.empty() || target.front() == '/' || scheme == std::string_view::npos) return target;
  const std::size_t path = target.find_first_of("/?", scheme + 3);
  return path == std::string_view::npos ? std::string_view("/") : target.substr(path);
}

bool is_word(std::string_view name) {
  static constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  const auto fits = [](char c) {
    return ascii::is_letter(c) || ascii::is_digit(c) || kMarks.find(c) != std::string_view::npos;
  };
  return !name.empty() && std::all_of(name.begin(), name.end(), fits);
}

/// The connection's own business.
bool is_ours(std::string_view name) {
  return ascii::same_without_case(name, "connection") || ascii::same_without_case(name, "content-length") ||
         ascii::same_without_case(name, "transfer-encoding");
}

}  // namespace

std::string_view HttpRequest::header(std::string_view name) const {
  for (const auto& [header_name, value] : headers)
    if (ascii::same_without_case(header_name, name)) return value;
  return {};
}

bool parse_target(std::string_view target, HttpRequest& request) {
  target = without_authority(target.substr(0, target.find('#')));
  const std::size_t mark = target.find('?');
  auto path = percent_decoded(target.substr(0, mark));
  if (path && path->empty() && mark == 0) path = "/";
  if (!path || (path->substr(0, 1) != "/" && *path != "*")) return false;
  if (std::any_of(path->begin(), path->end(), is_control)) return false;
  request.path = std::move(*path);
  return mark == std::string_view::npos || parse_query(target.substr(mark + 1), request);
}

HttpResponse error_response(int status, std::string_view code, std::string_view message) {
  HttpResponse response;
  response.status = status;
  response.headers.emplace_back("Content-Type", "application/json");
  response.body = fmt::format(R"({{"error":{{"code":"{}","message":"{}"}}}})", code, message);
  return response;
}

HttpResponse internal_error() {
  return error_response(500, "internal", "the request failed inside the program; its log says why");
}

bool is_sendable(const HttpResponse& response) {
  if (response.status < 200 || response.status > 999) return false;
  return std::all_of(response.headers.begin(), response.headers.end(), [](const auto& header) {
    const bool breaks = header.second.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos;
    return is_word(header.first) && !breaks;
  });
}

bool allows_body(int status) {
  return status >= 200 && status != 204 && status != 304;
}

std::string http_date(TimePoint time) {
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(std::chrono::floor<std::chrono::seconds>(time)));
}

std::string head_of(const HttpResponse& response, bool keep_alive, TimePoint now) {
  const auto reason = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(response.status));
  std::string head;
  const auto out = std::back_inserter(head);
  fmt::format_to(out, "HTTP/1.1 {} {}\r\n", response.status, std::string_view(reason.data(), reason.size()));
  bool dated = false;
  for (const auto& [name, value] : response.headers) {
    if (is_ours(name)) continue;
    dated = dated || ascii::same_without_case(name, "date");
    fmt::format_to(out, "{}: {}\r\n", name, value);
  }
  if (!dated) fmt::format_to(out, "Date: {}\r\n", http_date(now));
  if (allows_body(response.status) && !response.stream)
    fmt::format_to(out, "Content-Length: {}\r\n", response.content().size());
  if (!keep_alive) head += "Connection: close\r\n";
  head += "\r\n";
  return head;
}

}  // namespace crmpulse::net
