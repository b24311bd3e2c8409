#include "probes/http/pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <string_view>

#include "core/text/ascii.h"
#include "net/base/url.h"

namespace crmpulse::probes {
namespace {

constexpr std::string_view kUsualId = "/id";

std::uint64_t hash_of(std::string_view text) {
  return std::hash<std::string_view>{}(text);
}

bool says_yes(const JsonValue& more) {
  if (const auto truth = more.boolean()) return *truth;
  if (const auto number = more.number()) return *number > 0;
  const std::string text = more.text();
  return !text.empty() && text != "false";
}

/// Returns nullopt for what is not a number of rows, such as the -1 of a CRM that does not count.
std::optional<std::uint64_t> count_in(const JsonValue& value) {
  if (const auto number = value.number())
    return *number >= 0 ? std::optional{static_cast<std::uint64_t>(*number)} : std::nullopt;
  const std::string text = value.text();
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional{count} : std::nullopt;
}

std::string name_of(const Paging& paging, const Page& page) {
  if (!paging.offset.empty()) return fmt::format("the page at offset {}", page.offset);
  return fmt::format("page {}", page.number + (paging.page.empty() ? 0 : paging.first - 1));
}

/// What the CRM should have heeded.
std::string_view key_of(const Paging& paging) {
  if (!paging.offset.empty()) return paging.offset;
  if (!paging.page.empty()) return paging.page;
  return paging.cursor.empty() ? paging.url : paging.cursor;
}

std::string hint_at_id(const Paging& paging) {
  return paging.id ? "" : "; if /id does not tell records apart, name what does in `next.id`";
}

/// Why `known` records of a page stood on earlier ones: a few were moved on by new ones; most of a whole page come
/// again when the CRM does not count as the recipe thinks.
std::string cause_of(const Paging& paging, std::size_t known, std::size_t whole_page, bool moved) {
  if (!moved) return fmt::format("the CRM ignores '{}'", key_of(paging));
  if (2 * known <= whole_page || !paging.counts())
    return "records moved while they were read, so ask in an order that stays (oldest first, or only what was created "
           "before ${now})";
  if (paging.offset.empty())
    return fmt::format(
        "the CRM counts records with '{}', not pages (then write `next: {{offset: …}}`), or records moved "
        "while they were read",
        paging.page);
  return fmt::format("the CRM does not leave out as many records as '{}' says, or records moved while they were read",
                     paging.offset);
}

/// Where a page was asked for, within one address and its `also`.
std::string place_of(const Page& page, const std::string& place) {
  return (page.also ? "also " : "") + place;
}

/// `host:port` without the ports that http and https have by themselves: a proxy that ends TLS may leave either.
std::string plain_authority(const net::Url& url) {
  const std::string host = ascii::lower(url.host);
  return url.port == 0 || url.port == 80 || url.port == 443 ? host : fmt::format("{}:{}", host, url.port);
}

bool names_host(std::string_view allowed, const net::Url& url) {
  const std::size_t colon = allowed.rfind(':');
  const bool has_port = colon != std::string_view::npos && allowed.find(']', colon) == std::string_view::npos;
  if (has_port && allowed.substr(colon + 1) != std::to_string(url.port_used())) return false;
  const std::string_view host = has_port ? allowed.substr(0, colon) : allowed;
  const std::string named = ascii::lower(url.host);
  if (!host.starts_with("*.")) return named == host;
  return named.size() > host.size() - 1 && named.ends_with(host.substr(1));
}

std::string with_origin(std::string_view scheme, std::string_view authority, const net::Url& url) {
  return fmt::format("{}://{}{}{}{}", scheme, authority, url.path, url.query.empty() ? "" : "?", url.query);
}

}  // namespace

std::optional<PageFault> Pages::add_records(const std::vector<std::string>& ids, const Page& page) {
  const Paging& paging = *exchange_.next;
  std::vector<std::uint64_t> fresh;
  for (const std::string& id : ids) {
    const std::uint64_t hash = hash_of(id);
    if (!records_.contains(hash)) fresh.push_back(hash);
  }
  records_.insert(fresh.begin(), fresh.end());
  first_page_ = first_page_ == 0 ? ids.size() : first_page_;
  const std::size_t known = ids.size() - fresh.size();
  if (known == 0) return std::nullopt;
  // One more record in front moves the last one of each page to the next, which may hold nothing else.
  const bool moved = known < first_page_;
  const std::string why = cause_of(paging, known, first_page_, moved);
  return PageFault{fmt::format("{} repeats {} of its {} records from earlier pages: {}{}", name_of(paging, page), known,
                               ids.size(), why, hint_at_id(paging)),
                   moved};
}

std::optional<PageFault> Pages::add_content(const JsonValue& rows, const Page& page) {
  const Paging& paging = *exchange_.next;
  if (contents_.insert(hash_of(rows.serialised())).second) return std::nullopt;
  return PageFault{fmt::format("{} is the same as an earlier page: the CRM ignores '{}', or its rows are alike; "
                               "then name what tells them apart in `next.id`",
                               name_of(paging, page), key_of(paging)),
                   false};
}

std::optional<PageFault> Pages::add(const Page& page, const Answer& answer, const std::string& asked_url) {
  const Paging& paging = *exchange_.next;
  if (!paging.counts()) asked_.insert(place_of(page, paging.url.empty() ? page.cursor : asked_url));
  const JsonValue rows = exchange_.has_rows_at ? answer.json().at(exchange_.rows_at) : JsonValue{};
  on_page_ = rows.present() && rows.is_array() ? rows.size() : 0;
  if (rows_ == 0) first_rows_ = on_page_;
  rows_ += on_page_;
  if (on_page_ == 0 || (!paging.counts() && !paging.id)) return std::nullopt;
  std::vector<std::string> ids;
  const std::string_view pointer = paging.id ? std::string_view{*paging.id} : kUsualId;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::string id = rows.item(i).at(pointer).text();
    if (!id.empty()) ids.push_back(std::move(id));
  }
  if (!ids.empty()) return add_records(ids, page);
  if (paging.id) return PageFault{fmt::format("no row has a value at {}, which `next.id` names", *paging.id), false};
  if (!paging.page.empty() && !paging.more.empty()) return std::nullopt;  // the CRM itself says that a page follows
  return add_content(rows, page);
}

bool Pages::is_last(const Answer& answer) const {
  const Paging& paging = *exchange_.next;
  if (!paging.more.empty()) {
    const JsonValue more = answer.json().at(paging.more);
    if (more.present() || (paging.total.empty() && size_ == 0)) return !says_yes(more);
  }
  if (on_page_ == 0) return true;
  if (const auto told = total(answer)) return rows_ >= *told;
  if (on_page_ >= size_ || !paging.more.empty()) return on_page_ < size_;
  // A first page that is shorter than asked is all there is, or all that the CRM gives at once: the next one tells.
  return rows_ > on_page_ && on_page_ < first_rows_;
}

std::uint64_t Pages::withheld(const Answer& answer) const {
  if (on_page_ != 0) return 0;
  const std::uint64_t told = total(answer).value_or(0);
  return told > rows_ ? told - rows_ : 0;
}

std::optional<std::uint64_t> Pages::total(const Answer& answer) const {
  const Paging& paging = *exchange_.next;
  return paging.total.empty() ? std::nullopt : count_in(answer.json().at(paging.total));
}

Result<std::optional<Page>> Pages::next(const Page& page, const Answer& answer, const std::string& asked_url,
                                        const std::vector<std::string>& hosts) const {
  using Next = std::optional<Page>;
  const Paging& paging = *exchange_.next;
  Page next;
  next.number = page.number + 1;
  next.also = page.also;
  next.offset = rows_;
  if (paging.counts()) {
    if (is_last(answer)) return Next{};
    if (!paging.offset.empty() && on_page_ == 0)
      return Error{fmt::format("{} has no rows, yet {} says that more follow", name_of(paging, page), paging.more)};
    next.in_doubt = rows_ == on_page_ && on_page_ < size_ && paging.more.empty() && !total(answer);
    return Next{next};
  }
  const JsonValue told = answer.json().at(paging.url.empty() ? paging.cursor : paging.url);
  const std::string text = told.boolean() ? std::string{} : told.text();
  if (text.empty()) return Next{};
  if (paging.url.empty()) {
    next.cursor = text;
  } else {
    Result<std::string> url = page_address(asked_url, text, hosts);
    if (!url) return url.error();
    next.url = std::move(*url);
  }
  if (asked_.contains(place_of(page, paging.url.empty() ? next.cursor : next.url)))
    return Error{fmt::format("{} names itself or an earlier page as the next one: the pages go in a circle",
                             name_of(paging, page))};
  return Next{next};
}

Result<std::string> page_address(const std::string& base, const std::string& reference,
                                 const std::vector<std::string>& hosts) {
  if (reference.find_first_of(" \t\r\n") != std::string::npos)
    return Error{"the next page's address has a blank in it"};
  Result<std::string> next = net::resolve_url(base, reference);
  const Result<net::Url> from = net::parse_url(net::with_ascii_host(base));
  const Result<net::Url> to = next ? net::parse_url(*next) : next.error();
  if (!from || !to) return Error{"the next page's address is not a valid URL"};
  if (from->origin() == to->origin()) return next;
  const bool over_tls = from->scheme == "https";
  if (plain_authority(*from) == plain_authority(*to))
    return with_origin("https", over_tls ? from->authority() : plain_authority(*to), *to);
  const bool allowed = std::any_of(hosts.begin(), hosts.end(), [&](const auto& host) { return names_host(host, *to); });
  if (!allowed)
    return Error{
        fmt::format("the next page is on another host, {}, which gets no login of ours: if it is the CRM's, "
                    "add it to `hosts` of the recipe",
                    to->authority())};
  if (over_tls && to->scheme == "http") return with_origin("https", plain_authority(*to), *to);
  return next;
}

}  // namespace crmpulse::probes
