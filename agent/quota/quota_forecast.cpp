#include "agent/quota/quota_forecast.h"

#include <algorithm>
#include <cmath>

namespace crmpulse::agent {
namespace {

using namespace std::chrono_literals;

constexpr Duration kApart = 1min;   ///< points nearer than that say nothing new
constexpr Duration kLookBack = 2h;  ///< of points beyond the first kFewest
constexpr Duration kShortestSpan = 10min;
constexpr std::size_t kFewest = 4;
constexpr Duration kAhead = 24h;
constexpr Duration kPeriod = 24h;  ///< of an allowance that was seen to begin anew
constexpr Duration kShortPeriod = 6h;
constexpr double kFellBack = 0.3;  ///< of what the points span or of what was used: a new period, not a correction

}  // namespace

void QuotaTrend::add(TimePoint at, double used, double remaining) {
  if (!points_.empty() && at <= points_.back().at) return;
  remaining_ = remaining;
  if (!points_.empty() && used < points_.back().used) {
    // Allowances that roll give back a little at a time; one that begins anew gives back most of it at once.
    const double fell = points_.back().used - used;
    const bool anew = fell >= kFellBack * std::max(std::abs(points_.back().used), 1.0);
    // One that begins anew several times a day, or rolls, is never used up at a certain time: it is judged by its use.
    if (!anew || (began_ && at - *began_ < kShortPeriod)) rolled_ = at;
    if (anew) {
      points_.clear();
      began_ = at;
    }
  }
  if (!points_.empty() && at - points_.back().at < kApart) return;
  points_.push_back({at, used});
  while (points_.size() > kMostPoints || (points_.size() > kFewest && at - points_.front().at > kLookBack))
    points_.pop_front();
}

std::optional<TimePoint> QuotaTrend::exhaustion() const {
  if (points_.empty()) return std::nullopt;
  const Point& newest = points_.back();
  if (remaining_ <= 0) return newest.at;
  if (rolled_ && newest.at - *rolled_ < kPeriod) return std::nullopt;
  if (points_.size() < kFewest || newest.at - points_.front().at < kShortestSpan) return std::nullopt;
  // Least squares: one odd answer does not turn it.
  double t_mean = 0;
  double u_mean = 0;
  for (const Point& point : points_) {
    t_mean += to_seconds(point.at - newest.at);
    u_mean += point.used;
  }
  t_mean /= static_cast<double>(points_.size());
  u_mean /= static_cast<double>(points_.size());
  double covariance = 0;
  double variance = 0;
  for (const Point& point : points_) {
    const double t = to_seconds(point.at - newest.at) - t_mean;
    covariance += t * (point.used - u_mean);
    variance += t * t;
  }
  if (variance <= 0 || covariance <= 0) return std::nullopt;
  const double seconds = remaining_ / (covariance / variance);
  if (!(seconds <= to_seconds(kAhead))) return std::nullopt;
  const TimePoint when = newest.at + Duration{static_cast<Duration::rep>(seconds * 1000)};
  if (began_ && newest.at - *began_ < kPeriod && when >= *began_ + kPeriod) return std::nullopt;
  return when;
}

std::vector<Sample> QuotaRegistry::take(std::span<const Sample> samples) {
  std::map<std::string, const Sample*, std::less<>> touched;
  for (const Sample& sample : samples) {
    const bool limit = sample.metric == "crm_api_limit";
    const bool used = sample.metric == "crm_api_used";
    if (!limit && !used && sample.metric != "crm_api_remaining") continue;
    const std::string name{sample.labels.get("allowance")};
    if (entries_.size() >= kMostAllowances && !entries_.contains(name)) continue;
    Entry& entry = entries_[name];
    (limit ? entry.limit : used ? entry.used : entry.remaining) = sample.value;
    touched[name] = &sample;
  }
  std::vector<Sample> out;
  for (const auto& [name, sample] : touched) {
    Entry& entry = entries_.find(name)->second;
    const auto came = [&, of = name](std::string_view metric) {
      return std::any_of(samples.begin(), samples.end(), [&](const Sample& other) {
        return other.metric == metric && other.labels.get("allowance") == of;
      });
    };
    // What this reading did not tell follows from what it did.
    if (!came("crm_api_remaining") && came("crm_api_used") && entry.limit) entry.remaining = *entry.limit - *entry.used;
    if (!came("crm_api_used") && came("crm_api_remaining") && entry.limit) entry.used = *entry.limit - *entry.remaining;
    if (!entry.remaining || !(came("crm_api_used") || came("crm_api_remaining"))) continue;
    entry.trend.add(sample->at, entry.used.value_or(-*entry.remaining), *entry.remaining);
    const auto when = entry.trend.exhaustion();
    if (!when) continue;
    out.push_back({"crm_api_exhaustion_timestamp_seconds", sample->labels,
                   static_cast<double>(unix_millis(*when)) / 1000.0, sample->at});
  }
  return out;
}

const QuotaRegistry::Entry* QuotaRegistry::find(std::string_view allowance) const {
  const auto found = entries_.find(allowance);
  return found == entries_.end() ? nullptr : &found->second;
}

}  // namespace crmpulse::agent
