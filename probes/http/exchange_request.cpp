#include "probes/http/exchange_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "core/text/ascii.h"
#include "core/text/percent.h"
#include "net/base/crypto.h"
#include "net/base/url.h"

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
  if (base->empty()) return Error{"no address is known: the login told no base_url"};
  while (base->ends_with('/')) base->pop_back();
  return *base + (url->starts_with('/') ? "" : "/") + *url;
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
  if (user->find(':') != std::string::npos) return Error{"the user of `basic` may not have a colon"};
  set_header(request, "Authorization", "Basic " + net::base64_encode(*user + ":" + *password));
  return {};
}

Result<void> add_body(net::ClientRequest& request, const HttpCall& call, const std::optional<Paging>& next,
                      const Page& page, const Values& values) {
  if (call.json) {
    Result<JsonBody> body = JsonBody::make(*call.json, values);
    if (!body) return body.error();
    if (next && !next->json.empty() && !page.cursor.empty()) body->set(next->json, JsonBody::text(page.cursor));
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

}  // namespace

Result<net::ClientRequest> fill_in(const HttpCall& call, const std::optional<Paging>& next, const Page& page,
                                   const Values& values) {
  net::ClientRequest request;
  request.method = call.method;
  request.max_response_bytes = call.max_bytes;
  request.max_redirects = call.redirects;
  request.fresh_connection = call.fresh && page.number == 1;
  const bool by_page = next && !next->page.empty();
  const bool by_cursor = next && !next->query.empty() && !page.cursor.empty();
  const std::string_view pages_name = by_page ? next->page : by_cursor ? next->query : std::string_view{};
  if (page.url.empty()) {
    const Result<std::string> url = address(page.also ? call.also : call.url, values);
    if (!url) return url.error();
    request.url = *url;
    if (const auto added = add_queries(request.url, call, pages_name, values); !added) return added.error();
    if (by_page) request.url = net::with_parameter(request.url, next->page, std::to_string(page.number));
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

Result<std::string> same_origin(const std::string& base, const std::string& reference) {
  if (reference.find_first_of(" \t\r\n") != std::string::npos)
    return Error{"the next page's address has a blank in it"};
  Result<std::string> next = net::resolve_url(base, reference);
  const Result<net::Url> from = net::parse_url(net::with_ascii_host(base));
  const Result<net::Url> to = next ? net::parse_url(*next) : next.error();
  if (!from || !to || from->origin() != to->origin())
    return Error{"the next page is on another host; it was not asked for"};
  return next;
}

Result<std::optional<Page>> next_page(const Paging& paging, const Page& page, const Answer& answer,
                                      const std::string& asked_url) {
  using Next = std::optional<Page>;
  Page next;
  next.number = page.number + 1;
  next.also = page.also;
  if (!paging.more.empty()) {
    const JsonValue more = answer.json().at(paging.more);
    const std::string text = more.text();
    const bool told = more.number() ? *more.number() > 0 : !text.empty() && text != "false";
    const bool on = more.boolean().value_or(told);
    return on ? Next{next} : Next{};
  }
  const JsonValue told = answer.json().at(paging.url.empty() ? paging.cursor : paging.url);
  const std::string text = told.boolean() ? std::string{} : told.text();
  if (text.empty()) return Next{};
  if (paging.url.empty()) {
    if (text == page.cursor) return Error{"the next page's cursor is this page's own"};
    next.cursor = text;
    return Next{next};
  }
  const Result<std::string> url = same_origin(asked_url, text);
  if (!url) return url.error();
  if (*url == asked_url) return Error{"the next page's address is this page's own"};
  next.url = *url;
  return Next{next};
}

}  // namespace crmpulse::probes
