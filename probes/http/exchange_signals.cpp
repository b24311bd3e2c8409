#include "probes/http/exchange_signals.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "net/base/backoff.h"
#include "probes/rows/values.h"

namespace crmpulse::probes {
namespace {

constexpr double kSkewWorthTelling = 2;  ///< seconds; `Date` has whole ones, and the answer was on its way
constexpr double kSkewThatBreaksLogins = 60;

/// Dataverse writes `5,999.00`.
std::optional<double> number_in(std::string text) {
  std::erase(text, ',');
  return number_of(Cell{false, std::nullopt, text});
}

}  // namespace

bool is_signal(std::string_view metric) {
  return metric.starts_with("crm_api_") || metric == "crm_certificate_expiry_timestamp_seconds" ||
         metric == "crm_agent_clock_skew_seconds";
}

void Signals::add_quota(const net::ClientResponse& response, std::vector<Sample>& out) const {
  for (const QuotaHeader& quota : recipe_.quota) {
    const std::string_view header = response.header(quota.header);
    if (header.empty()) continue;
    const std::vector<std::string> found =
        quota.match.empty() ? std::vector<std::string>{std::string{header}} : quota.match.groups_in(header);
    std::map<std::string_view, double> told;
    for (std::size_t i = 0; i < std::min(found.size(), quota.gives.size()); ++i) {
      if (const auto number = number_in(found[i])) told.emplace(quota.gives[i], *number);
    }
    // What is left is what rules look at.
    if (told.contains("limit") && told.contains("used"))
      told.emplace("remaining", std::max(0.0, told["limit"] - told["used"]));
    for (const auto& [what, number] : told) {
      Sample sample{fmt::format("crm_api_{}", what), labels_, number, {}};
      sample.labels.set("allowance", quota.allowance);
      out.push_back(std::move(sample));
    }
  }
}

void Signals::add_clock(const net::ClientResponse& response, TimePoint now, std::vector<Sample>& out) {
  if (!response.header("age").empty()) return;  // a cache's copy
  const auto date = net::parse_http_date(response.header("date"));
  if (!date) return;
  // The answer's second began up to one second before it was written.
  const double ahead = to_seconds(now - *date);
  const double skew = ahead > 0 ? std::max(0.0, ahead - 1 - response.phases.transfer) : ahead;
  const bool worth = std::abs(skew) > kSkewWorthTelling;
  const std::lock_guard lock{mutex_};
  const bool first = !skew_;
  skew_ = skew;
  if (!worth && !told_ && !first) return;
  told_ = worth;
  out.push_back(Sample{"crm_agent_clock_skew_seconds", labels_, worth ? skew : 0, {}});
}

std::vector<Sample> Signals::read(const net::ClientResponse& response, TimePoint now) {
  std::vector<Sample> out;
  if (response.certificate_expiry) {
    out.push_back(Sample{"crm_certificate_expiry_timestamp_seconds",
                         labels_,
                         static_cast<double>(unix_millis(*response.certificate_expiry)) / 1000,
                         {}});
  }
  if (response.status != 0) {
    add_quota(response, out);
    add_clock(response, now, out);
  }
  for (Sample& sample : out) sample.at = now;
  return out;
}

std::string Signals::clock_remark() const {
  const std::lock_guard lock{mutex_};
  if (!skew_ || std::abs(*skew_) <= kSkewThatBreaksLogins) return {};
  return fmt::format("; this machine's clock is {:.0f} s {} the CRM's", std::abs(*skew_),
                     *skew_ > 0 ? "ahead of" : "behind");
}

}  // namespace crmpulse::probes
