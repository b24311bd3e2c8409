#include "sandbox/host/demo_host.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "core/log.h"
#include "sandbox/host/answers.h"

namespace crmpulse::sandbox {
namespace {

std::string text_member(const boost::json::value& value, std::string_view name) {
  const auto* object = value.if_object();
  const auto* member = object != nullptr ? object->if_contains(name) : nullptr;
  return member != nullptr && member->is_string() ? std::string{member->get_string()} : std::string{};
}

}  // namespace

DemoHost::DemoHost(net::Loop& loop, const Clock& clock, Options options)
    : clock_(clock), options_(std::move(options)), files_(loop) {
  life_ = loop.every(std::chrono::seconds{1}, [this] { live(); });
}

void DemoHost::live() {
  if (std::exchange(living_, true)) return;
  const auto live_all = [this, now = clock_.now()] {
    for (SampleCrm& crm : crms_) {
      if (auto lived = crm.live(now); !lived)
        log::warning("the sample CRM missed an update", {{"crm", crm.name()}, {"error", lived.error().message}});
    }
  };
  files_.run(live_all, [this] { living_ = false; });
}

Result<std::unique_ptr<DemoHost>> DemoHost::open(net::Loop& loop, const Clock& clock, Options options) {
  std::unique_ptr<DemoHost> company{new DemoHost(loop, clock, std::move(options))};
  for (const auto& [name, fault] : company->options_.crms) {
    auto crm = SampleCrm::create(company->options_.dir, name, company->options_.schema, clock.now());
    if (!crm) return crm.error();
    if (auto broken = crm.value().set_fault(fault, clock.now()); !broken) return broken.error();
    company->shown_.push_back({name, crm.value().faults()});
    company->crms_.push_back(std::move(crm.value()));
  }
  return company;
}

void DemoHost::handle(net::HttpRequest request, const net::Respond& respond) {
  const bool post = request.method == "POST";
  if (request.path == "/_sandbox/faults" && post) return post_fault(request, respond);
  if (request.path == "/hook" && post) return respond(take_alert(request));
  if (request.path == "/_sandbox/alerts" && !post) return respond(list_alerts(request));
  respond(problem(404, "not_found", "the sandbox has /_sandbox/faults, /_sandbox/alerts and POST /hook"));
}

void DemoHost::post_fault(const net::HttpRequest& request, const net::Respond& respond) {
  boost::json::error_code error;
  const auto body = boost::json::parse(request.body, error);
  if (error) return respond(problem(400, "bad_json", R"(send {"crm":"acme","fault":"slow"})"));
  const auto fault = fault_from(text_member(body, "fault"));
  if (!fault)
    return respond(problem(422, "unknown_fault", "fault must be one of none, slow, very_slow, stale, down, dirty"));
  const std::string name = text_member(body, "crm");
  const auto found = std::find_if(crms().begin(), crms().end(), [&name](const Shown& one) { return one.crm == name; });
  if (found == crms().end())
    return respond(problem(404, "unknown_crm", fmt::format("there is no sample CRM '{}'", name)));
  const auto index = static_cast<std::size_t>(found - crms().begin());
  set_fault(index, *fault, [respond, name, fault](const Result<void>& done) {
    respond(done ? json_answer_of(200, {{"crm", name}, {"fault", to_string(*fault)}})
                 : problem(500, "failed", done.error().message));
  });
}

void DemoHost::set_fault(std::size_t crm, Fault fault, std::function<void(const Result<void>&)> done) {
  struct Outcome {
    Result<void> done;
    std::set<Fault> faults;
  };
  const auto change = [this, crm, fault, now = clock_.now()] {
    Outcome outcome{crms_[crm].set_fault(fault, now), {}};
    outcome.faults = crms_[crm].faults();
    return outcome;
  };
  files_.run(change, [this, crm, done = std::move(done)](const Outcome& outcome) {
    shown_[crm].faults = outcome.faults;
    done(outcome.done);
  });
}

void DemoHost::repair() {
  for (std::size_t crm = 0; crm < crms().size(); ++crm) {
    set_fault(crm, Fault::none, [name = crms()[crm].crm](const Result<void>& done) {
      if (!done) log::warning("cannot repair the sample CRM", {{"crm", name}, {"error", done.error().message}});
    });
  }
}

net::HttpResponse DemoHost::take_alert(const net::HttpRequest& request) {
  boost::json::error_code error;
  (void)boost::json::parse(request.body, error);
  if (error) return problem(400, "bad_json", "an alert must be a JSON object");
  alerts_.push_back({++last_alert_, request.body});
  if (alerts_.size() > options_.max_alerts) alerts_.pop_front();
  return {204, {}, {}};
}

net::HttpResponse DemoHost::list_alerts(const net::HttpRequest& request) const {
  std::int64_t after = 0;
  if (const auto found = request.query.find("after"); found != request.query.end()) {
    std::from_chars(found->second.data(), found->second.data() + found->second.size(), after);
  }
  boost::json::array list;
  for (const Alert& alert : alerts_) {
    if (alert.number > after) list.push_back({{"number", alert.number}, {"alert", boost::json::parse(alert.body)}});
  }
  return json_answer_of(200, {{"alerts", std::move(list)}});
}

}  // namespace crmpulse::sandbox
