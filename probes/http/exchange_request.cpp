#include "probes/http/exchange_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

#include "core/text/ascii.h"
#include "core/text/percent.h"
#include "net/base/crypto.h"
#include "net/base/url.h"
#include "probes/json/json.h"

namespace crmpulse::probes {
namespace {

bool is_whole(std::string_view url) {
  return url.starts_with("http://") || url.starts_with("https://");
}

Result<std::string> base_url(const Values& values) {
  if (!values.recipe.base_url.empty()) return expand(values.recipe.base_url, values, Place::url);
  if (values.variables != nullptr) {
    const auto told = values.variables->find(kBaseUrl);
    if (told != values.variables->end()) return told->second;
  }
  return values.arguments.text("url");
}

/// `${server}/`, where the login told a whole address by that name: it is taken as it is, and so is what the recipe
/// writes behind it. Nothing when `text` does not begin so.
std::optional<Result<std::string>> at_told_address(std::string_view text, const Values& values) {
  const std::size_t end = text.find('}');
  if (!text.starts_with("${") || end == std::string_view::npos || values.variables == nullptr) return std::nullopt;
  const auto told = values.variables->find(std::string{text.substr(2, end - 2)});
  if (told == values.variables->end() || !is_whole(told->second)) return std::nullopt;
  Result<std::string> rest = expand(std::string{text.substr(end + 1)}, values, Place::url);
  if (!rest) return rest;
  return told->second + *rest;
}

Result<std::string> address(const std::string& text, const Values& values) {
  if (auto told = at_told_address(text, values)) return *told;
  Result<std::string> url = expand(text, values, Place::url);
  if (!url || is_whole(*url)) return url;
  Result<std::string> base = base_url(values);
  if (!base) return base;
  if (base->empty()) return Error{"no address is known: the login gave no base_url"};
  while (base->ends_with('/')) base->pop_back();
  return *base + (url->starts_with('/') ? "" : "/") + *url;
}

/// What one page is asked for by: a number in the query or at a pointer of the body.
struct PageNumber {
  std::string_view place;  ///< a query parameter, a pointer in the body, or ${} in texts; empty: pages are not counted
  std::size_t value = 0;
  [[nodiscard]] bool in_body() const { return place.starts_with('/'); }
  [[nodiscard]] bool in_texts() const { return place == kOffsetInTexts || place == kPageInTexts; }
  [[nodiscard]] bool in_query() const { return !place.empty() && !in_body() && !in_texts(); }
};

PageNumber page_number(const std::optional<Paging>& next, const Page& page) {
  if (!next) return {};
  if (!next->offset.empty()) return {next->offset, page.offset};
  return {next->page, static_cast<std::size_t>(next->first + page.number - 1)};
}

/// `pages_name` is the parameter that paging sets, in place of the recipe's.
Result<void> add_queries(std::string& url, const HttpCall& call, std::string_view pages_name, const Values& values) {
  for (const auto& [name, text] : call.query) {
    if (name == pages_name) continue;
    const Result<std::string> value = expand(text, values, Place::text);
    if (!value) return value.error();
    url = net::with_parameter(std::move(url), name, *value);
  }
  return {};
}

void set_header(net::ClientRequest& request, const std::string& name, std::string value) {
  const auto same = [&](const auto& header) { return ascii::lower(header.first) == ascii::lower(name); };
  std::erase_if(request.headers, same);
  request.headers.emplace_back(name, std::move(value));
}

Result<void> add_headers(net::ClientRequest& request, const TextPairs& headers, const Values& values) {
  for (const auto& [name, text] : headers) {
    const Result<std::string> value = expand(text, values, Place::header);
    if (!value) return value.error();
    set_header(request, name, *value);
  }
  return {};
}

/// RFC 7617: the user is what stands before the first colon.
Result<void> add_basic(net::ClientRequest& request, const HttpCall& call, const Values& values) {
  if (call.basic.first.empty() && call.basic.second.empty()) return {};
  const Result<std::string> user = expand(call.basic.first, values, Place::header);
  const Result<std::string> password = expand(call.basic.second, values, Place::header);
  if (!user || !password) return user ? password.error() : user.error();
  if (user->find(':') != std::string::npos) return Error{"the user of `basic` must not contain a colon"};
  set_header(request, "Authorization", "Basic " + net::base64_encode(*user + ":" + *password));
  return {};
}

Result<void> add_body(net::ClientRequest& request, const HttpCall& call, const std::optional<Paging>& next,
                      const Page& page, const Values& values) {
  if (call.json) {
    Result<JsonBody> body = JsonBody::make(*call.json, values);
    if (!body) return body.error();
    if (next && !next->json.empty() && !page.cursor.empty()) body->set(next->json, JsonBody::text(page.cursor));
    if (const PageNumber number = page_number(next, page); number.in_body())
      body->set(number.place, JsonBody::number(static_cast<std::int64_t>(number.value)));
    request.body = body->serialised();
    set_header(request, "Content-Type", "application/json");
    return {};
  }
  if (!call.form.empty()) {
    std::string form;
    for (const auto& [name, text] : call.form) {
      const Result<std::string> value = expand(text, values, Place::text);
      if (!value) return value.error();
      form += (form.empty() ? "" : "&") + percent_encoded(name) + "=" + percent_encoded(*value);
    }
    request.body = std::move(form);
    set_header(request, "Content-Type", "application/x-www-form-urlencoded");
    return {};
  }
  const Result<std::string> body = expand(call.body, values, Place::json);
  if (!body) return body.error();
  request.body = *body;
  return {};
}

Result<net::ClientRequest> filled(const HttpCall& call, const std::optional<Paging>& next, const Page& page,
                                  const Values& values) {
  net::ClientRequest request;
  request.method = call.method;
  request.max_response_bytes = call.max_bytes;
  request.max_redirects = call.redirects;
  request.fresh_connection = call.fresh && page.number == 1;
  const PageNumber number = page_number(next, page);
  const bool by_number = number.in_query();
  const bool by_cursor = next && !next->query.empty() && !page.cursor.empty();
  const std::string_view pages_name = by_number ? number.place : by_cursor ? next->query : std::string_view{};
  if (page.url.empty()) {
    const Result<std::string> url = address(page.also ? call.also : call.url, values);
    if (!url) return url.error();
    request.url = *url;
    if (const auto added = add_queries(request.url, call, pages_name, values); !added) return added.error();
    if (by_number) request.url = net::with_parameter(request.url, number.place, std::to_string(number.value));
    if (by_cursor) request.url = net::with_parameter(request.url, next->query, page.cursor);
  } else {
    request.url = page.url;
  }
  if (const auto added = add_body(request, call, next, page, values); !added) return added.error();
  if (call.auth) {
    if (const auto added = add_headers(request, values.recipe.headers, values); !added) return added.error();
  }
  if (const auto added = add_headers(request, call.headers, values); !added) return added.error();
  if (const auto added = add_basic(request, call, values); !added) return added.error();
  return request;
}

}  // namespace

Result<net::ClientRequest> fill_in(const HttpCall& call, const std::optional<Paging>& next, const Page& page,
                                   const Values& values) {
  const PageNumber number = page_number(next, page);
  if (!number.in_texts()) return filled(call, next, page, values);
  Variables variables = values.variables == nullptr ? Variables{} : *values.variables;
  variables.insert_or_assign(std::string{number.place.substr(2, number.place.size() - 3)},
                             std::to_string(number.value));
  Values with_number = values;
  with_number.variables = &variables;
  return filled(call, next, page, with_number);
}

Result<std::string> path_of(const HttpCall& call, const Values& values) {
  const Result<std::string> url = expand(call.url, values, Place::url);
  if (!url) return url;
  std::string path = *url;
  if (is_whole(path)) {
    const Result<net::Url> whole = net::parse_url(net::with_ascii_host(path));
    if (!whole) return whole.error();
    path = whole->path + (whole->query.empty() ? "" : "?") + whole->query;
  }
  if (!path.starts_with('/')) path.insert(0, "/");
  if (const auto added = add_queries(path, call, "", values); !added) return added.error();
  return path;
}

void add_access(Variables& variables, const auth::Access& access, const Arguments& arguments) {
  for (const auto& [name, value] : access.values) variables.insert_or_assign(name, value);
  const std::string base = access.base_url.empty() ? arguments.text("url") : access.base_url;
  if (!base.empty()) variables.insert_or_assign(std::string{kBaseUrl}, base);
}

std::size_t page_size(const std::optional<Paging>& next, const Values& values) {
  if (!next || next->size.empty()) return 0;
  const Result<std::string> text = expand(next->size, values, Place::text);
  std::size_t size = 0;
  if (text) (void)std::from_chars(text->data(), text->data() + text->size(), size);
  return size;
}

}  // namespace crmpulse::probes
