// HttpConnection: what is decided about a request when its headers are there and its body is not.

#include <algorithm>
#include <boost/beast/http/error.hpp>

#include "core/log.h"
#include "core/text/ascii.h"
#include "net/server/http_connection.h"
#include "net/server/http_message.h"

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

namespace crmpulse::net {

HttpConnection::Rejection HttpConnection::rejection_of(const error_code& error) const {
  if (aborted_) return {};
  if (error == asio::error::operation_aborted && timed_out_)
    return {408, "timeout", "the request did not arrive in time"};
  if (crowded_out_) return {503, "overloaded", "the server is reading as many bodies as it can; try again"};
  if (error == http::error::body_limit) return {413, "too_large", "the body is larger than the server takes"};
  if (error == http::error::header_limit)
    return {431, "headers_too_large", "the headers are larger than the server takes"};
  if (error == asio::error::eof) return {400, "bad_request", "the request ended before it was complete"};
  if (error.category() == make_error_code(http::error::need_more).category())
    return {400, "bad_request", "this is not an HTTP/1.1 request"};
  return {};
}

std::optional<HttpConnection::Rejection> HttpConnection::check_header() {
  if (refuse_) return Rejection{503, "overloaded", "the server has as many connections as it takes"};
  const auto& request = parser_->get();
  const std::size_t hosts = request.count(http::field::host);
  if (request.version() == 11 && hosts != 1)
    return Rejection{400, "bad_request", "an HTTP/1.1 request has one Host header"};
  if (request.count(http::field::transfer_encoding) > 0 && !parser_->chunked())
    return Rejection{501, "not_implemented", "the only transfer encoding here is chunked"};
  const auto expect = request[http::field::expect];
  if (!expect.empty() && !ascii::same_without_case({expect.data(), expect.size()}, "100-continue"))
    return Rejection{417, "expectation_failed", "the only expectation here is 100-continue"};
  head_ = take_head();
  const auto target = request.target();
  if (!parse_target({target.data(), target.size()}, head_))
    return Rejection{400, "bad_request", "the request's target is not a path"};
  return std::nullopt;
}

void HttpConnection::ask_head_check() {
  const HeadCheck& check = server_->options.check_head;
  // Without its server a request has nobody to check it.
  if (!check || !server_->handler) return;
  HeadVerdict verdict;
  try {
    verdict = check(head_);
  } catch (const std::exception& error) {
    log::error("the check of a request's head threw", {{"error", error.what()}});
    verdict.refusal = internal_error();
  }
  refusal_ = std::move(verdict.refusal);
  handler_ = std::move(verdict.handler);
  if (refusal_ && !is_sendable(*refusal_)) refusal_ = internal_error();
  max_body_ = std::min(verdict.max_body_bytes, max_body_);
  parser_->body_limit(max_body_);
}

std::optional<HttpConnection::Rejection> HttpConnection::check_length() const {
  const auto announced = parser_->content_length();
  if (announced && *announced > max_body_) return Rejection{413, "too_large", "the body is larger than is taken here"};
  return std::nullopt;
}

bool HttpConnection::wants_continue() const {
  const auto& request = parser_->get();
  return request.version() == 11 && request.count(http::field::expect) > 0 && !parser_->is_done();
}

HttpRequest HttpConnection::take_head() const {
  const auto& message = parser_->get();
  HttpRequest request;
  const auto method = message.method_string();
  request.method.assign(method.data(), method.size());
  if (request.method == "HEAD") request.method = "GET";
  for (const auto& field : message) {
    const auto name = field.name_string();
    const auto value = field.value();
    request.headers.emplace_back(std::string(name.data(), name.size()), std::string(value.data(), value.size()));
  }
  request.remote_address = remote_address_;
  return request;
}

}  // namespace crmpulse::net
