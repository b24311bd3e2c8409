#pragma once
// Works out how the goals of `goals:` stand, once an hour beside the loop, and tells each change once, however often
// the collector starts. Belongs to the loop's thread.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collector/configuration/configuration.h"
#include "collector/http/router.h"
#include "collector/report/figures/goals.h"
#include "net/loop/file_thread.h"
#include "store/collector/writer.h"

namespace crmpulse::collector {

class GoalKeeper {
 public:
  /// A goal's value is the mean of a week.
  static constexpr Duration kEvery{std::chrono::hours{1}};

  struct Parts {
    net::Loop& loop;
    store::Writer& writer;
    net::FileThread& thread;  ///< that reads the history
    std::function<std::shared_ptr<const Configuration>()> configuration;
    std::function<Labels(const std::string& crm)> labels;            ///< of a CRM; empty while it is not known
    std::function<void(const std::vector<store::OutboxRow>&)> wake;  ///< hears of rows that are in the outbox
  };
  explicit GoalKeeper(Parts parts) : parts_(std::move(parts)) {}

  /// Begins to look when it is due. Call it once a second.
  void tick(TimePoint now);
  /// Looks at the next tick: the configuration or the clock changed.
  void look_again() { next_look_ = {}; }
  /// `GET /api/v1/crms/{crm}/goals`. The router must not outlive this.
  void add_route(Router& router);
  /// Returns how the goals stood when it looked last; of a goal whose date has passed, how it stood then.
  [[nodiscard]] const std::vector<report::GoalProgress>& goals() const { return goals_; }
  [[nodiscard]] bool working() const { return working_; }

 private:
  /// A goal with what people know of it.
  struct Seen {
    report::GoalProgress progress;
    std::string key;  ///< under which the store remembers what people know
    report::GoalMemory memory;
  };
  [[nodiscard]] static Result<std::vector<Seen>> read(const Configuration& configuration, TimePoint at);
  void take(Result<std::vector<Seen>> seen, TimePoint at, const std::shared_ptr<const Configuration>& by);
  void keep(std::vector<Seen> seen, TimePoint at, const Configuration& by);
  void add_rows(const Seen& one, TimePoint at, const Configuration& by, std::vector<store::OutboxRow>& rows) const;
  void put_off(TimePoint at, const std::string& why);
  void show(const Request& request, const net::Respond& respond) const;

  Parts parts_;
  std::vector<report::GoalProgress> goals_;
  std::optional<TimePoint> made_;  ///< when it looked last
  TimePoint next_look_;
  bool working_ = false;
};

}  // namespace crmpulse::collector
