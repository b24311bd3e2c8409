#pragma once
// Sends the reports of `reports:` when their periods are over: each as a message in the outbox, once, however often the
// collector starts. Belongs to the loop's thread.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "collector/configuration/configuration.h"
#include "collector/report/make.h"
#include "net/loop/loop.h"
#include "store/collector/writer.h"

namespace crmpulse::collector {

class ReportSender {
 public:
  using CurrentConfiguration = std::function<std::shared_ptr<const Configuration>()>;
  /// As ReportDesk::make().
  using Make = std::function<bool(report::ReportRequest, std::function<void(Result<report::Report>)>)>;
  using Wake = std::function<void(const std::vector<store::OutboxRow>&)>;

  /// `wake` hears of rows that are in the outbox.
  ReportSender(net::Loop& loop, store::Writer& writer, Make make, CurrentConfiguration configuration, Wake wake)
      : loop_(loop),
        writer_(writer),
        make_(std::move(make)),
        configuration_(std::move(configuration)),
        wake_(std::move(wake)) {}

  /// Begins with the next report that is due, one at a time. Call it once a second. An entry that is new in the
  /// configuration begins with the period that is under way.
  void tick(TimePoint now);
  /// Looks again at the next tick, after the clock was corrected.
  void clock_stepped() { next_look_ = {}; }
  [[nodiscard]] bool working() const { return working_; }

 private:
  /// One report of one CRM to one receiver.
  struct Job {
    ReportSchedule schedule;
    std::string crm;
    report::Period period;
    std::string key;  ///< under which the store remembers the last period that was sent
  };
  [[nodiscard]] std::vector<Job> due(TimePoint now) const;
  void begin(Job job, TimePoint now);
  void learn(const Job& job);
  void make(Job job, TimePoint now);
  void enqueue(const Job& job, const report::Report& made);
  void put_off(const Job& job, TimePoint now, const std::string& why);

  net::Loop& loop_;
  store::Writer& writer_;
  Make make_;
  CurrentConfiguration configuration_;
  Wake wake_;
  std::map<std::string, std::string> sent_;   ///< by key the last period; what is stored, as far as it is known
  std::map<std::string, TimePoint> put_off_;  ///< by key, until when
  TimePoint next_look_;
  bool working_ = false;
};

}  // namespace crmpulse::collector
