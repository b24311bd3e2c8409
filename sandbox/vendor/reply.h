#pragma once
// Small pieces every vendor API answers with: JSON bodies, forms, ids, tokens, counted calls.

#include <boost/json/value.hpp>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time/time.h"
#include "net/server/http_server.h"

namespace crmpulse::sandbox {

using Headers = std::vector<std::pair<std::string, std::string>>;
using Form = std::map<std::string, std::string, std::less<>>;

[[nodiscard]] net::HttpResponse json_reply(int status, const boost::json::value& body, Headers headers = {});
[[nodiscard]] std::optional<boost::json::value> parse_json(std::string_view text);
/// Returns a whole number without a fraction.
[[nodiscard]] boost::json::value number_json(double number);
/// Returns the member, null if there is none or `value` is not an object.
[[nodiscard]] const boost::json::value* member(const boost::json::value& value, std::string_view name);
[[nodiscard]] std::string text_member(const boost::json::value& value, std::string_view name);
/// Returns a string, number or boolean as the text a form would carry, nullopt for null, objects and arrays.
[[nodiscard]] std::optional<std::string> scalar_text(const boost::json::value& value);

[[nodiscard]] std::vector<std::string> path_parts(std::string_view path);
[[nodiscard]] std::string query_value(const net::HttpRequest& request, std::string_view name);
[[nodiscard]] std::vector<std::string> comma_list(std::string_view text);
/// A number in the query between `least` and `most`, or `otherwise`.
[[nodiscard]] std::size_t bounded(std::string_view text, std::size_t otherwise, std::size_t least, std::size_t most);
/// Returns `otherwise` for no text, nullopt if the text is not a whole number from `least` to `most`.
[[nodiscard]] std::optional<std::size_t> whole_number(std::string_view text, std::size_t otherwise, std::size_t least,
                                                      std::size_t most);
/// The form in the body, over what the query says.
[[nodiscard]] Form form_of(const net::HttpRequest& request);
/// User and password of `Authorization: Basic`.
[[nodiscard]] std::optional<std::pair<std::string, std::string>> basic_login(const net::HttpRequest& request);
/// What follows `scheme` (`Bearer`) in the Authorization header; empty: another scheme or none.
[[nodiscard]] std::string credential(const net::HttpRequest& request, std::string_view scheme);
/// Looks like a random UUID, is the number `n` of this kind of id.
[[nodiscard]] std::string uuid_of(std::uint64_t n);

/// Access tokens that were given out. Old ones are forgotten when new ones are made.
class TokenBook {
 public:
  struct Token {
    TimePoint issued;
    TimePoint expires;
    std::string scope;
    bool revoked = false;
  };
  explicit TokenBook(std::string prefix) : prefix_(std::move(prefix)) {}
  std::string issue(TimePoint now, Duration life, std::string scope = {});
  [[nodiscard]] const Token* find(std::string_view token) const;  ///< also one that has ended
  [[nodiscard]] bool is_live(std::string_view token, TimePoint now) const;
  void revoke_all();

 private:
  std::string prefix_;
  std::map<std::string, Token, std::less<>> tokens_;
  std::uint64_t next_ = 1;
};

/// Calls of a window that slides, in steps of a hundredth of it.
class RollingCount {
 public:
  explicit RollingCount(Duration window) : window_(window) {}
  void add(TimePoint now, std::uint64_t calls = 1);
  [[nodiscard]] std::uint64_t used(TimePoint now) const;
  void clear() { steps_.clear(); }

 private:
  Duration window_;
  std::deque<std::pair<TimePoint, std::uint64_t>> steps_;
};

/// Calls since 00:00 UTC.
class DayCount {
 public:
  void add(TimePoint now, std::uint64_t calls = 1);
  [[nodiscard]] std::uint64_t used(TimePoint now) const;

 private:
  TimePoint day_;
  std::uint64_t used_ = 0;
};

[[nodiscard]] constexpr std::uint64_t left(std::uint64_t limit, std::uint64_t used) {
  return used < limit ? limit - used : 0;
}

}  // namespace crmpulse::sandbox
