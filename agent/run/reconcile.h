#pragma once
// A count or sum of one CRM against the same figure of another source. Pure: the loop brings readings and `now`.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/settings/reconcile_measurement.h"
#include "agent/settings/settings.h"
#include "core/evidence.h"
#include "core/labels.h"
#include "core/sample.h"
#include "probes/target.h"

namespace crmpulse::agent {

class Reconciler {
 public:
  struct Result {
    std::vector<Sample> samples;
    std::vector<Evidence> evidence;
  };
  /// `labels` of the CRMs' samples by their name. Values that are known stay.
  void configure(std::vector<Reconciliation> reconciliations, const std::map<std::string, Labels>& labels,
                 TimePoint now);
  /// Notes the reading's values and takes the samples that are ours alone out of it.
  void take(std::string_view crm, probes::Reading& reading);
  /// Returns what is due at `now`: a ratio, or the reason why there is no ratio.
  [[nodiscard]] Result due(TimePoint now);

 private:
  struct Value {
    double number = 0;
    TimePoint at;
  };
  struct Side {
    ReconcileSide from;
    std::map<std::string, Value, std::less<>> series;  ///< newest values, by their labels
    [[nodiscard]] std::optional<double> sum(TimePoint oldest) const;
  };
  struct Item {
    Reconciliation what;
    Labels labels;
    Side left;
    Side right;
    TimePoint next;
    std::optional<Failure> open;  ///< told with 1, not yet with 0
  };
  static void judge(Item& item, TimePoint now, Result& out);

  std::vector<Item> items_;
};

}  // namespace crmpulse::agent
