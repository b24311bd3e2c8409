#pragma once
// What was called: the last calls, and how many there were in truth.

#include <boost/json/object.hpp>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>

#include "sandbox/vendor/vendor_api.h"

namespace crmpulse::sandbox {

/// Method, path and query of a request as it may be shown: what authenticates is replaced by dots.
[[nodiscard]] std::string shown_path(const net::HttpRequest& request);

class RequestLog {
 public:
  explicit RequestLog(std::size_t most) : most_(most) {}
  void add(Call call);
  void clear();

  struct Filter {
    std::string crm;
    std::string operation;
    std::uint64_t after = 0;  ///< number of a call
    std::optional<TimePoint> since;
  };
  /// {"total": …, "counted": …, "calls": […]}: `total` is of all calls ever made that fit crm and operation; with
  /// `after` or `since` it is of those listed.
  [[nodiscard]] boost::json::object list(const Filter& filter) const;

 private:
  struct Numbered {
    std::uint64_t number;
    Call call;
  };
  struct Count {
    std::uint64_t calls = 0;
    std::uint64_t counted = 0;
  };
  std::size_t most_;
  std::deque<Numbered> calls_;
  std::map<std::pair<std::string, std::string>, Count> counts_;  ///< by CRM and operation
  std::uint64_t last_ = 0;
};

}  // namespace crmpulse::sandbox
