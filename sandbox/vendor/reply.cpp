#include "sandbox/vendor/reply.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>

#include "core/text/ascii.h"

namespace crmpulse::sandbox {
namespace {

std::string form_text(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const int high = text[at] == '%' && at + 2 < text.size() ? ascii::hex_value(text[at + 1]) : -1;
    const int low = high >= 0 ? ascii::hex_value(text[at + 2]) : -1;
    if (low >= 0) at += 2;
    if (low >= 0) {
      out.push_back(static_cast<char>(high * 16 + low));
    } else {
      out.push_back(text[at] == '+' ? ' ' : text[at]);
    }
  }
  return out;
}

std::string from_base64(std::string_view text) {
  std::string out;
  std::uint32_t bits = 0;
  int filled = 0;
  for (const char c : text) {
    constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const auto digit = kAlphabet.find(c);
    if (digit == std::string_view::npos) break;
    bits = (bits << 6U) | static_cast<std::uint32_t>(digit);
    filled += 6;
    if (filled < 8) continue;
    filled -= 8;
    out.push_back(static_cast<char>((bits >> static_cast<unsigned>(filled)) & 0xFFU));
  }
  return out;
}

std::uint64_t scrambled(std::uint64_t n) {
  n += 0x9E3779B97F4A7C15ULL;
  n = (n ^ (n >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  n = (n ^ (n >> 27U)) * 0x94D049BB133111EBULL;
  return n ^ (n >> 31U);
}

}  // namespace

net::HttpResponse json_reply(int status, const boost::json::value& body, Headers headers) {
  headers.emplace_back("Content-Type", "application/json;charset=utf-8");
  return {status, std::move(headers), boost::json::serialize(body)};
}

std::optional<boost::json::value> parse_json(std::string_view text) {
  boost::json::error_code error;
  auto value = boost::json::parse(text, error);
  if (error) return std::nullopt;
  return value;
}

boost::json::value number_json(double number) {
  if (std::floor(number) == number && std::abs(number) < 9e15) return static_cast<std::int64_t>(number);
  return number;
}

const boost::json::value* member(const boost::json::value& value, std::string_view name) {
  const auto* object = value.if_object();
  return object != nullptr ? object->if_contains(name) : nullptr;
}

std::string text_member(const boost::json::value& value, std::string_view name) {
  const auto* found = member(value, name);
  return found != nullptr ? scalar_text(*found).value_or("") : "";
}

std::optional<std::string> scalar_text(const boost::json::value& value) {
  if (value.is_string()) return std::string{value.get_string()};
  if (value.is_bool()) return value.get_bool() ? "true" : "false";
  if (value.is_int64()) return fmt::format("{}", value.get_int64());
  if (value.is_uint64()) return fmt::format("{}", value.get_uint64());
  if (value.is_double()) return fmt::format("{}", value.get_double());
  return std::nullopt;
}

std::vector<std::string> path_parts(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    const auto slash = path.find('/');
    if (slash != 0) parts.emplace_back(path.substr(0, slash));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return parts;
}

std::string query_value(const net::HttpRequest& request, std::string_view name) {
  const auto found = request.query.find(name);
  return found != request.query.end() ? found->second : std::string{};
}

std::vector<std::string> comma_list(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const auto comma = text.find(',');
    std::string_view item = text.substr(0, comma);
    while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
    while (!item.empty() && item.back() == ' ') item.remove_suffix(1);
    if (!item.empty()) items.emplace_back(item);
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  return items;
}

std::size_t bounded(std::string_view text, std::size_t otherwise, std::size_t least, std::size_t most) {
  std::size_t number = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return std::clamp(number, least, most);
}

std::optional<std::size_t> whole_number(std::string_view text, std::size_t otherwise, std::size_t least,
                                        std::size_t most) {
  if (text.empty()) return otherwise;
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole && number >= least && number <= most ? std::optional{number} : std::nullopt;
}

Form form_of(const net::HttpRequest& request) {
  Form form{request.query.begin(), request.query.end()};
  std::string_view rest = request.body;
  while (!rest.empty()) {
    const auto end = rest.find('&');
    const std::string_view pair = rest.substr(0, end);
    const auto equals = pair.find('=');
    const std::string_view value = equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1);
    form[form_text(pair.substr(0, equals))] = form_text(value);
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return form;
}

std::string credential(const net::HttpRequest& request, std::string_view scheme) {
  const std::string_view header = request.header("authorization");
  if (header.size() <= scheme.size() || header[scheme.size()] != ' ') return {};
  for (std::size_t at = 0; at < scheme.size(); ++at) {
    if ((header[at] | 0x20) != (scheme[at] | 0x20)) return {};
  }
  return std::string{header.substr(scheme.size() + 1)};
}

std::optional<std::pair<std::string, std::string>> basic_login(const net::HttpRequest& request) {
  const std::string plain = from_base64(credential(request, "Basic"));
  const auto colon = plain.find(':');
  if (colon == std::string::npos) return std::nullopt;
  return std::pair{form_text(plain.substr(0, colon)), form_text(plain.substr(colon + 1))};
}

std::string uuid_of(std::uint64_t n) {
  const std::uint64_t high = scrambled(n);
  const std::uint64_t low = scrambled(n ^ 0x5851F42D4C957F2DULL);
  return fmt::format("{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}", high >> 32U, (high >> 16U) & 0xFFFFU, high & 0xFFFU,
                     (low >> 48U) & 0xFFFU, low & 0xFFFFFFFFFFFFULL);
}

std::string TokenBook::issue(TimePoint now, Duration life, std::string scope) {
  std::erase_if(tokens_, [now](const auto& token) { return token.second.expires + std::chrono::hours{24} < now; });
  std::string token = fmt::format("{}{:016x}{:016x}", prefix_, scrambled(next_), scrambled(~next_));
  ++next_;
  tokens_[token] = Token{now, now + life, std::move(scope), false};
  return token;
}

const TokenBook::Token* TokenBook::find(std::string_view token) const {
  const auto found = tokens_.find(token);
  return found != tokens_.end() ? &found->second : nullptr;
}

bool TokenBook::is_live(std::string_view token, TimePoint now) const {
  const Token* found = find(token);
  return found != nullptr && !found->revoked && now < found->expires;
}

void TokenBook::revoke_all() {
  for (auto& [text, token] : tokens_) token.revoked = true;
}

void RollingCount::add(TimePoint now, std::uint64_t calls) {
  while (!steps_.empty() && steps_.front().first + window_ <= now) steps_.pop_front();
  if (steps_.empty() || now - steps_.back().first > window_ / 100) {
    steps_.emplace_back(now, calls);
  } else {
    steps_.back().second += calls;
  }
}

std::uint64_t RollingCount::used(TimePoint now) const {
  std::uint64_t sum = 0;
  for (const auto& [time, calls] : steps_) sum += time + window_ > now ? calls : 0;
  return sum;
}

void DayCount::add(TimePoint now, std::uint64_t calls) {
  used_ = used(now) + calls;
  day_ = std::chrono::floor<std::chrono::days>(now);
}

std::uint64_t DayCount::used(TimePoint now) const {
  return std::chrono::floor<std::chrono::days>(now) == day_ ? used_ : 0;
}

}  // namespace crmpulse::sandbox
