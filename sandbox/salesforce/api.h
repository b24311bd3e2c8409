#pragma once
// The REST API below /services/data/vXX.0: what one call, or one sub-request of a composite call, is answered.

#include <deque>
#include <map>
#include <string>

#include "sandbox/salesforce/parts.h"
#include "sandbox/vendor/reply.h"

namespace crmpulse::sandbox::salesforce {

/// Calls of the last 24 hours against what the org may make.
class Usage {
 public:
  static constexpr std::uint64_t kDefaultLimit = 100'000;
  void add(TimePoint now, std::uint64_t calls) { calls_.add(now, calls); }
  void set_limit(std::uint64_t calls) { limit_ = calls == 0 ? kDefaultLimit : calls; }
  [[nodiscard]] std::uint64_t limit() const { return limit_; }
  [[nodiscard]] std::uint64_t used(TimePoint now) const { return calls_.used(now); }
  [[nodiscard]] bool is_gone(TimePoint now) const { return used(now) >= limit_; }

 private:
  RollingCount calls_{std::chrono::hours{24}};
  std::uint64_t limit_ = kDefaultLimit;
};

/// Results that do not fit into one answer; the oldest are forgotten.
class Cursors {
 public:
  /// The first page of `records`, and where the rest is.
  [[nodiscard]] boost::json::object first_page(Asked asked, const ApiCall& call);
  /// `01g…-2000`
  [[nodiscard]] Answer<boost::json::object> page(const std::string& locator, const ApiCall& call);

 private:
  struct Cursor {
    std::string id;
    Asked asked;
  };
  [[nodiscard]] static boost::json::object cut(const Cursor& cursor, std::size_t from, const ApiCall& call);
  std::deque<Cursor> cursors_;
  std::uint64_t next_ = 1;
};

class Api {
 public:
  /// One call. `cost`: what it counts against the allowance beyond itself (composite/batch).
  Reply answer(World& world, const ApiCall& call, std::uint64_t& cost);
  [[nodiscard]] Usage& usage() { return usage_; }

 private:
  Reply serve(World& world, const ApiCall& call, Undo& undo);
  Reply query(const World& world, const ApiCall& call, bool deleted_too);
  Reply limits(const World& world) const;
  Reply composite(World& world, const ApiCall& call);
  /// Bodies of a composite's answers so far, by referenceId; null when that sub-request failed.
  using Answered = std::map<std::string, boost::json::value>;
  Reply part(World& world, const ApiCall& whole, const boost::json::value& given, const Answered& answered, Undo& undo);
  Reply batch(World& world, const ApiCall& call, std::uint64_t& cost);

  Usage usage_;
  Cursors cursors_;
};

/// Returns the call of a sub-request's URL (`/services/data/v60.0/sobjects/Lead?fields=Id`), nullopt if the URL is not
/// below our API.
[[nodiscard]] std::optional<ApiCall> call_of(std::string_view url, const std::string& method);
/// `60.0` of `/services/data/v60.0/…` and what follows it. versioned() returns nullopt for another path.
struct VersionedPath {
  std::string version;
  std::string rest;
};
[[nodiscard]] std::optional<VersionedPath> versioned(std::string_view path);
/// Why this version is not served, or nothing.
[[nodiscard]] std::optional<ApiError> problem_of_version(const std::string& version);
[[nodiscard]] boost::json::array versions();
/// For faults and the log: query, read, create, …
[[nodiscard]] std::string operation_of(const std::string& method, std::string_view rest);

}  // namespace crmpulse::sandbox::salesforce
