#include "sandbox/host/demo_host.h"

#include <fmt/format.h>

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

DemoHost::DemoHost(net::Loop& loop, const Clock& clock, Options options) : clock_(clock), options_(std::move(options)) {
  life_ = loop.every(std::chrono::seconds{1}, [this] {
    for (SampleCrm& crm : crms_) {
      if (auto lived = crm.live(clock_.now()); !lived)
        log::warning("the sample CRM missed an update", {{"crm", crm.name()}, {"error", lived.error().message}});
    }
  });
}

Result<std::unique_ptr<DemoHost>> DemoHost::open(net::Loop& loop, const Clock& clock, Options options) {
  std::unique_ptr<DemoHost> company{new DemoHost(loop, clock, std::move(options))};
  for (const auto& [name, fault] : company->options_.crms) {
    auto crm = SampleCrm::create(company->options_.dir, name, company->options_.schema, clock.now());
    if (!crm) return crm.error();
    if (auto broken = crm.value().set_fault(fault, clock.now()); !broken) return broken.error();
    company->crms_.push_back(std::move(crm.value()));
  }
  return company;
}

void DemoHost::handle(net::HttpRequest request, const net::Respond& respond) {
  const bool post = request.method == "POST";
  if (request.path == "/_sandbox/faults") return respond(post ? set_fault(request) : list_faults());
  if (request.path == "/hook" && post) return respond(take_alert(request));
  if (request.path == "/_sandbox/alerts" && !post) return respond(list_alerts(request));
  respond(problem(404, "not_found", "the sandbox has /_sandbox/faults, /_sandbox/alerts and POST /hook"));
}

net::HttpResponse DemoHost::set_fault(const net::HttpRequest& request) {
  boost::json::error_code error;
  const auto body = boost::json::parse(request.body, error);
  if (error) return problem(400, "bad_json", R"(send {"crm":"acme","fault":"slow"})");
  const auto fault = fault_from(text_member(body, "fault"));
  if (!fault) return problem(422, "unknown_fault", "fault is one of none, slow, very_slow, stale, down, dirty");
  const std::string name = text_member(body, "crm");
  for (SampleCrm& crm : crms_) {
    if (crm.name() != name) continue;
    if (auto done = crm.set_fault(*fault, clock_.now()); !done) return problem(500, "failed", done.error().message);
    return json_answer_of(200, {{"crm", name}, {"fault", to_string(*fault)}});
  }
  return problem(404, "unknown_crm", fmt::format("there is no sample CRM '{}'", name));
}

Result<void> DemoHost::repair() {
  for (SampleCrm& crm : crms_) {
    if (auto done = crm.set_fault(Fault::none, clock_.now()); !done) return done;
  }
  return {};
}

net::HttpResponse DemoHost::list_faults() const {
  boost::json::object faults;
  for (const SampleCrm& crm : crms_) faults[crm.name()] = to_string(crm.fault());
  return json_answer_of(200, {{"faults", faults}});
}

net::HttpResponse DemoHost::take_alert(const net::HttpRequest& request) {
  boost::json::error_code error;
  (void)boost::json::parse(request.body, error);
  if (error) return problem(400, "bad_json", "an alert is a JSON object");
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
