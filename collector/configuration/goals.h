#pragma once
// What a person wants to reach and when a person wants to be told: entries under `goals:` and `reports:`.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "collector/receivers/base/receiver_settings.h"
#include "config/reader.h"
#include "core/rule.h"
#include "core/time/time.h"
#include "core/words/language.h"

namespace crmpulse::collector {

struct Goal {
  std::string name;  ///< unique among a CRM's goals
  std::string crm;
  std::string metric;             ///< of core/metric_names.h
  std::vector<LabelMatch> where;  ///< which of its series; the mean of them counts
  double target = 0;
  bool at_most = false;                        ///< the metric is to go down
  std::optional<std::chrono::sys_days> since;  ///< when it begins; absent: with the first reading
  std::optional<double> baseline;              ///< what it was then; absent: as measured
  std::chrono::sys_days by;                    ///< the last day, in `time_zone`
  std::string owner;
};

/// Reads `goals:`; what is wrong goes to the reader with its line.
[[nodiscard]] std::vector<Goal> read_goals(config::Reader& root);

/// A report that is sent when its period is over.
struct ReportSchedule {
  enum class Period { week, month, quarter, year };
  std::vector<std::string> crms;
  Period period = Period::month;
  std::string receiver;
  Language language = Language::en;
  std::chrono::minutes at{std::chrono::hours{7}};  ///< of the first day behind the period, in `time_zone`
};
/// Reads `reports:`, which are sent to some of the receivers.
[[nodiscard]] std::vector<ReportSchedule> read_report_schedules(config::Reader& root,
                                                                const std::vector<ReceiverSettings>& receivers);

}  // namespace crmpulse::collector
