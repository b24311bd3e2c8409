#include "sandbox/vendor/request_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>

namespace crmpulse::sandbox {
namespace {

constexpr std::size_t kMostPath = 2000;
constexpr std::array<std::string_view, 10> kHidden{
    "access_token", "refresh_token", "client_secret", "assertion", "token",
    "api_token",    "password",      "code",          "hapikey",   "key"};

bool fits(const std::string& wanted, const std::string& is) {
  return wanted.empty() || wanted == is;
}

boost::json::object to_json(std::uint64_t number, const Call& call) {
  return {
      {"number", number},        {"at", format_time(call.at)}, {"crm", call.crm},       {"operation", call.operation},
      {"counted", call.counted}, {"status", call.status},      {"method", call.method}, {"path", call.path}};
}

/// Printable ASCII stays; the rest as a URL writes it, so that any request can stand in JSON.
std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7F)
      out.push_back(c);
    else
      out += fmt::format("%{:02X}", byte);
  }
  return out;
}

}  // namespace

std::string shown_path(const net::HttpRequest& request) {
  std::string out = printable(request.path);
  char mark = '?';
  for (const auto& [name, value] : request.query) {
    const bool hidden = std::find(kHidden.begin(), kHidden.end(), name) != kHidden.end();
    out += fmt::format("{}{}={}", mark, printable(name), hidden ? "..." : printable(value));
    mark = '&';
  }
  if (out.size() > kMostPath) out.resize(kMostPath);
  return out;
}

void RequestLog::add(Call call) {
  Count& count = counts_[{call.crm, call.operation}];
  ++count.calls;
  if (call.counted) ++count.counted;
  calls_.push_back({++last_, std::move(call)});
  if (calls_.size() > most_) calls_.pop_front();
}

void RequestLog::clear() {
  calls_.clear();
  counts_.clear();
}

boost::json::object RequestLog::list(const Filter& filter) const {
  Count total;
  boost::json::array calls;
  for (const auto& [number, call] : calls_) {
    if (!fits(filter.crm, call.crm) || !fits(filter.operation, call.operation) || number <= filter.after) continue;
    if (filter.since && call.at < *filter.since) continue;
    calls.push_back(to_json(number, call));
    ++total.calls;
    if (call.counted) ++total.counted;
  }
  if (filter.after == 0 && !filter.since) {
    total = {};
    for (const auto& [key, count] : counts_) {
      if (!fits(filter.crm, key.first) || !fits(filter.operation, key.second)) continue;
      total.calls += count.calls;
      total.counted += count.counted;
    }
  }
  return {{"total", total.calls}, {"counted", total.counted}, {"last", last_}, {"calls", std::move(calls)}};
}

}  // namespace crmpulse::sandbox
