#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "collector/ingest/health_names.h"
#include "collector/metrics/exposition_text.h"
#include "collector/metrics/health_metrics.h"
#include "core/metric_names.h"
#include "core/time/hours.h"

namespace crmpulse::collector {
namespace {

std::string_view help_of(std::string_view metric) {
  if (const std::string_view known = metric_help(metric); !known.empty()) return known;
  if (metric == kHoursMetric) return "When the CRM's people work, as its agent declares it.";
  return metric.starts_with("crm_agent_") ? "The agent about itself; last value received." : "Last value received.";
}

/// Names and labels that mean a type of their own in Prometheus are shown without one: the value is only the last one.
bool is_reserved(std::string_view metric) {
  for (const std::string_view suffix : {"_total", "_count", "_sum", "_bucket"}) {
    if (metric.ends_with(suffix)) return true;
  }
  return false;
}
bool has_reserved_label(const Series& series) {
  return !series.label("quantile").empty() || !series.label("le").empty();
}

struct Family {
  std::string metric;
  bool shown = false;
  bool untyped = false;
  std::vector<SeriesIndex> series;
};

/// Older than that Prometheus takes no sample, and says so at each scrape.
constexpr Duration kShownAtMost{std::chrono::minutes{59}};

/// With their times: a scrape must not make new samples of old ones, which would hide that a sender has stopped.
///
/// Two passes over the table, both in pieces: which series each family has, then their lines. Nothing is kept from one
/// scrape to the next, so that a series costs no memory for being shown.
class SampleMetrics final : public ExpositionPart {
 public:
  SampleMetrics(const EngineLoop& engine, PageFormat format)
      : engine_(engine), format_(format), now_(engine.now()), wall_ahead_(engine.wall_ahead()) {}
  bool write(std::string& out) override;

 private:
  void sort_some();
  bool write_some(std::string& out);
  void sort_in(const Series& series, SeriesIndex index);
  [[nodiscard]] bool is_over(const Series& series) const;
  std::size_t family_of(std::string_view metric);
  void write_line(std::string& out, const Family& family, SeriesIndex index) const;

  static constexpr std::size_t kSortedPerPiece = 16'384;
  static constexpr std::size_t kWrittenPerPiece = 4'096;

  const EngineLoop& engine_;
  PageFormat format_;
  TimePoint now_;
  Duration wall_ahead_;
  std::size_t sorted_ = 0;  ///< places of the table that were looked at
  std::vector<Family> families_;
  boost::unordered_flat_map<std::string, std::size_t, TextHash, std::equal_to<>> by_metric_;
  std::optional<std::vector<const Family*>> order_;  ///< by name, once all are known
  std::size_t family_ = 0;                           ///< of `order_`, being written
  std::size_t written_ = 0;                          ///< of its series
};

std::size_t SampleMetrics::family_of(std::string_view metric) {
  if (const auto known = by_metric_.find(metric); known != by_metric_.end()) return known->second;
  const bool shown = metric.starts_with("crm_") && !is_health_metric(metric);
  families_.push_back({std::string{metric}, shown, is_reserved(metric), {}});
  by_metric_.emplace(std::string{metric}, families_.size() - 1);
  return families_.size() - 1;
}

/// A failure ends with the operation's next success, and a first value when the operation has been due three times.
bool SampleMetrics::is_over(const Series& series) const {
  const bool failure = series.duty == FactKind::failure && series.value >= 1;
  if (!series.bound || series.crm == kNoCrm || (!failure && series.interval > Duration{})) return false;
  const std::string_view operation = series.label("operation");
  if (operation.empty()) return false;
  const CrmFacts& facts = engine_.crms().all()[series.crm];
  const OperationOf of{std::string{operation}, std::string{series.label("agent")}};
  if (failure && facts.failures.size() < CrmFacts::kMaxOperations) {
    const auto known = facts.failures.find(of);
    if (known == facts.failures.end() || known->second.stage != series.label("stage") ||
        known->second.reason != series.label("reason"))
      return true;
  }
  if (series.interval > Duration{}) return false;
  const auto success = facts.successes.find(of);
  if (success == facts.successes.end() || success->second.interval <= Duration{}) return false;
  return now_ - series.at >
         std::clamp(3 * success->second.interval, Duration{std::chrono::minutes{5}}, Duration{std::chrono::hours{3}});
}

void SampleMetrics::sort_in(const Series& series, SeriesIndex index) {
  if (!series.showable || !SeriesTable::fresh(series, now_) || now_ - series.at > kShownAtMost || is_over(series))
    return;
  Family& family = families_[family_of(series.metric())];
  if (!family.shown) return;
  family.untyped = family.untyped || has_reserved_label(series);
  family.series.push_back(index);
}

void SampleMetrics::write_line(std::string& out, const Family& family, SeriesIndex index) const {
  const Series& series = engine_.series().all()[index];
  // Since it was sorted in it may have ended, or its place may be another's.
  if (!series.live || series.metric() != family.metric) return;
  out += family.metric;
  out += '{';
  append_key_labels(out, series.key.view());
  if (out.back() == '{') {
    out.back() = ' ';
  } else {
    out += "} ";
  }
  append_value(out, series.value);
  out += ' ';
  append_time(out, series.at + wall_ahead_, format_);
  out += '\n';
}

bool SampleMetrics::write(std::string& out) {
  if (!order_) {
    sort_some();
    return true;
  }
  return write_some(out);
}

void SampleMetrics::sort_some() {
  const std::vector<Series>& all = engine_.series().all();
  const std::size_t end = std::min(all.size(), sorted_ + kSortedPerPiece);
  for (; sorted_ < end; ++sorted_) sort_in(all[sorted_], static_cast<SeriesIndex>(sorted_));
  if (sorted_ < all.size()) return;
  order_.emplace();
  for (const Family& family : families_) {
    if (!family.series.empty()) order_->push_back(&family);
  }
  std::sort(order_->begin(), order_->end(), [](const Family* a, const Family* b) { return a->metric < b->metric; });
}

bool SampleMetrics::write_some(std::string& out) {
  for (std::size_t room = kWrittenPerPiece; family_ < order_->size() && room > 0; --room) {
    const Family& family = *(*order_)[family_];
    if (written_ == 0)
      append_header(out, format_, family.metric, help_of(family.metric), family.untyped ? "untyped" : "gauge");
    write_line(out, family, family.series[written_]);
    if (++written_ < family.series.size()) continue;
    ++family_;
    written_ = 0;
  }
  return family_ < order_->size();
}

}  // namespace

std::unique_ptr<ExpositionPart> sample_metrics(const EngineLoop& engine, PageFormat format) {
  return std::make_unique<SampleMetrics>(engine, format);
}

}  // namespace crmpulse::collector
