#include "collector/report/make.h"

#include <fmt/format.h>

namespace crmpulse::collector::report {

boost::system::result<ReportRequest, Refusal> request_from(const Asked& asked, TimePoint now, const ZonePtr& zone) {
  ReportRequest request;
  request.crm = asked.crm;
  request.now = now;
  if (asked.period.empty()) {
    request.period = last_ended(PeriodKind::month, now, zone);
  } else {
    auto period = parse_period(asked.period, zone);
    if (!period) return Refusal{"period", period.error().message};
    request.period = std::move(*period);
  }
  if (request.period.from >= now) return Refusal{"period", fmt::format("{} has not begun", asked.period)};
  if (asked.compare.empty()) return request;
  auto compare = parse_period(asked.compare, zone);
  if (!compare) return Refusal{"compare", compare.error().message};
  request.compare = std::move(*compare);
  return request;
}

Result<Report> make_report(const Configuration& configuration, const ReportRequest& request,
                           const ReadingProgress& progress) {
  auto database = store::open_collector_reader(configuration.settings.state_dir);
  if (!database) return database.error();
  if (!request.known) {
    const auto known = knows_crm(*database, request.crm);
    if (!known) return known.error();
    if (!*known) return Error{fmt::format("there is no CRM '{}'", request.crm)};
  }
  auto input = read_report(*database, configuration, request, progress);
  if (!input) return input.error();
  return calculate(std::move(*input));
}

}  // namespace crmpulse::collector::report
