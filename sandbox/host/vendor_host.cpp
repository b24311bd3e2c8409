#include "sandbox/host/vendor_host.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>

#include "core/log.h"
#include "core/text/percent.h"
#include "sandbox/company/truth.h"
#include "sandbox/host/answers.h"

namespace crmpulse::sandbox {
namespace {

constexpr Duration kDefaultSlow = std::chrono::seconds{2};
constexpr Duration kDefaultSearchLag = std::chrono::seconds{30};

Duration seconds_of(const FaultRule& rule, Duration otherwise) {
  if (rule.seconds == 0) return otherwise;
  return Duration{static_cast<std::int64_t>(std::llround(rule.seconds * 1000))};
}

std::string parameter(const net::HttpRequest& request, std::string_view name) {
  const auto found = request.query.find(name);
  return found == request.query.end() ? std::string{} : found->second;
}

net::HttpResponse html(int status, std::string_view title) {
  return {status,
          {{"Content-Type", "text/html; charset=utf-8"}},
          fmt::format("<!DOCTYPE html>\n<html><head><title>{0}</title></head><body><h1>{0}</h1>"
                      "<p>The service is not available at the moment.</p></body></html>\n",
                      title)};
}

std::string target_of(const net::HttpRequest& request) {
  const auto encoded = [](std::string_view text) { return percent_encoded(text, "-._~/"); };
  std::string out = encoded(request.path);
  char mark = '?';
  for (const auto& [name, value] : request.query) {
    out += fmt::format("{}{}={}", mark, encoded(name), encoded(value));
    mark = '&';
  }
  return out;
}

/// What takes the place of the API's answer, whatever the vendor.
std::optional<net::HttpResponse> transport_fault(const FaultRule& rule, const net::HttpRequest& request,
                                                 const VendorHostOptions& options) {
  if (rule.fault == "outage") {
    if (rule.status != 0) return html(rule.status, "Service Unavailable");
    auto response = html(503, "Service Unavailable");
    if (rule.name == "connection") response.delivery = net::Delivery::nothing;
    return response;
  }
  if (rule.fault == "html") return html(rule.status == 0 ? 200 : rule.status, "Down for maintenance");
  if (rule.fault == "redirect") return net::HttpResponse{302, {{"Location", target_of(request)}}, {}};
  if (rule.fault != "huge") return std::nullopt;
  const std::string_view item = R"({"filler":"0123456789012345678901234567890123456789"},)";
  net::HttpResponse response{200, {{"Content-Type", "application/json"}}, R"({"records":[)"};
  response.body.reserve(options.huge_bytes + 100);
  while (response.body.size() < options.huge_bytes) response.body += item;
  response.body += "{}]}";
  return response;
}

bool is_vendors_own(std::string_view fault) {
  return fault == "error" || fault == "rate_limited" || fault == "quota_gone" || fault == "maintenance" ||
         fault == "permission";
}

void damage(net::HttpResponse& response, const FaultRule& rule) {
  if (rule.fault == "cut") response.delivery = net::Delivery::half_of_body;
  if (rule.fault == "truncated") response.body.resize(response.body.size() / 2);
}

}  // namespace

VendorHost::VendorHost(net::Loop& loop, const Clock& clock, VendorHostOptions options,
                       std::vector<std::unique_ptr<VendorApi>> apis, DemoHost* demo)
    : loop_(loop),
      clock_(clock),
      options_(std::move(options)),
      started_(clock.now()),
      demo_(demo),
      log_(options_.max_calls) {
  for (auto& api : apis) guests_.push_back(Guest{std::move(api), std::nullopt});
}

VendorHost::~VendorHost() = default;

Company& VendorHost::company_of(Guest& guest) {
  if (!guest.company) {
    guest.company.emplace(started_ - options_.lived);
    guest.company->live(clock_.now());
    apply_faults_of_data(guest);
  }
  guest.company->live(clock_.now());
  return *guest.company;
}

std::vector<std::string> VendorHost::names() const {
  std::vector<std::string> out;
  for (const Guest& guest : guests_) out.emplace_back(guest.api->name());
  return out;
}

VendorHost::Guest* VendorHost::guest_named(std::string_view name) {
  const auto found =
      std::find_if(guests_.begin(), guests_.end(), [name](const Guest& guest) { return guest.api->name() == name; });
  return found == guests_.end() ? nullptr : &*found;
}

void VendorHost::handle(net::HttpRequest request, const net::Respond& respond) {
  if (request.path.starts_with("/_sandbox/") || request.path == "/_sandbox" || request.path == "/hook") {
    if (auto response = operate(request, respond)) respond(std::move(*response));
    return;
  }
  for (Guest& guest : guests_) {
    if (guest.api->owns(request)) return serve(guest, request, respond);
  }
  respond(problem(404, "not_found",
                  fmt::format("no vendor API has this path; the sandbox speaks as {}", fmt::join(names(), ", "))));
}

void VendorHost::serve(Guest& guest, const net::HttpRequest& request, const net::Respond& respond) {
  const std::string name{guest.api->name()};
  const TimePoint now = clock_.now();
  Company& company = company_of(guest);
  Call call{name, guest.api->operation(request), false, 0, request.method, shown_path(request), now};
  const std::vector<FaultRule> drawn = faults_.draw(name, call.operation);
  std::string origin{request.header("host")};
  World world{company, options_.credentials, now, drawn,
              fmt::format("{}://{}", options_.tls ? "https" : "http", origin)};
  if (const auto* skew = world.fault("clock_skew", call.operation)) world.now += seconds_of(*skew, {});
  if (world.fault("hang", call.operation) != nullptr) {
    log_.add(std::move(call));
    return hang(respond);
  }
  net::HttpResponse response = answer(guest, request, world, call);
  Duration delay{};
  for (const FaultRule& rule : drawn) {
    if (!is_for(rule, call.operation)) continue;
    damage(response, rule);
    if (rule.fault == "slow") delay += seconds_of(rule, kDefaultSlow);
  }
  response.headers.emplace_back("Date", net::http_date(world.now));
  call.status = response.delivery == net::Delivery::nothing ? 0 : response.status;
  log_.add(std::move(call));
  respond_later(respond, std::move(response), delay);
}

net::HttpResponse VendorHost::answer(Guest& guest, const net::HttpRequest& request, World& world, Call& call) {
  for (const FaultRule& rule : world.faults) {
    if (!is_for(rule, call.operation)) continue;
    if (auto response = transport_fault(rule, request, options_)) return std::move(*response);
    // The status page of a vendor is on another host: it tells of the maintenance instead of being in it.
    const bool told = call.operation == "status" && rule.operation.empty();
    if (is_vendors_own(rule.fault) && !told) return guest.api->fault_answer(rule, world);
  }
  return guest.api->answer(request, world, call);
}

void VendorHost::respond_later(const net::Respond& respond, net::HttpResponse response, Duration delay) {
  if (delay <= Duration{}) return respond(std::move(response));
  const auto place = pending_.insert(pending_.end(), Pending{respond, {}});
  place->timer = loop_.after(delay, [this, place, response = std::move(response)]() mutable {
    place->respond(std::move(response));
    // Not now: the timer is running this function.
    loop_.post([this, place] { pending_.erase(place); });
  });
}

void VendorHost::hang(const net::Respond& respond) {
  const auto close = [](Pending& pending) {
    net::HttpResponse nothing;
    nothing.delivery = net::Delivery::nothing;
    pending.respond(std::move(nothing));
  };
  const auto place = hanging_.insert(hanging_.end(), Pending{respond, {}});
  place->timer = loop_.after(options_.max_hang, [this, place, close] {
    close(*place);
    loop_.post([this, place] { hanging_.erase(place); });
  });
  if (hanging_.size() <= options_.max_hanging) return;
  hanging_.front().timer.cancel();
  close(hanging_.front());
  hanging_.pop_front();
}

std::optional<net::HttpResponse> VendorHost::operate(const net::HttpRequest& request, const net::Respond& respond) {
  const std::string& path = request.path;
  const std::string& method = request.method;
  if (path == "/_sandbox/faults" && method == "GET") return list_faults();
  if (path == "/_sandbox/faults" && method == "DELETE") {
    FaultRule none;
    none.fault = "none";
    if (auto done = set_fault(none); !done) return problem(500, "failed", done.error().message);
    return list_faults();
  }
  if (path == "/_sandbox/faults" && method == "POST") return post_fault(request, respond);
  if (path == "/_sandbox/requests" && method == "GET") return list_requests(request);
  if (path == "/_sandbox/requests" && method == "DELETE") return log_.clear(), net::HttpResponse{204, {}, {}};
  if (path == "/_sandbox/data" && method == "GET") return data(request);
  if (demo_ != nullptr) {
    demo_->handle(request, respond);
    return std::nullopt;
  }
  return problem(404, "not_found", "the sandbox has /_sandbox/faults, /_sandbox/requests and /_sandbox/data");
}

bool VendorHost::is_sample(std::string_view crm) const {
  if (demo_ == nullptr) return false;
  const auto& crms = demo_->crms();
  return std::any_of(crms.begin(), crms.end(), [crm](const auto& one) { return one.crm == crm; });
}

std::optional<net::HttpResponse> VendorHost::post_fault(const net::HttpRequest& request, const net::Respond& respond) {
  boost::json::error_code error;
  const auto body = boost::json::parse(request.body, error);
  if (error || !body.is_object()) return problem(400, "bad_json", R"(send {"crm":"salesforce","fault":"slow"})");
  const auto* crm = body.as_object().if_contains("crm");
  if (crm != nullptr && crm->is_string() && is_sample(crm->get_string())) {
    demo_->handle(request, respond);
    return std::nullopt;
  }
  const auto rule = fault_from_json(body.as_object());
  if (!rule) {
    const FaultProblem wrong = rule.error();
    return problem(422, wrong.field == "fault" ? "unknown_fault" : "bad_fault", wrong.message, wrong.field);
  }
  if (auto done = set_fault(rule.value()); !done) return problem(404, "unknown_crm", done.error().message, "crm");
  log::info("fault", {{"crm", rule.value().crm}, {"fault", rule.value().fault}, {"operation", rule.value().operation}});
  return json_answer_of(200, to_json(rule.value()));
}

Result<void> VendorHost::set_fault(const FaultRule& rule) {
  if (!rule.crm.empty() && guest_named(rule.crm) == nullptr)
    return Error{fmt::format("there is no CRM '{}'; the sandbox has {}", rule.crm, fmt::join(names(), ", "))};
  faults_.set(rule);
  if (rule.fault == "none" && rule.crm.empty() && demo_ != nullptr) demo_->repair();
  for (Guest& guest : guests_) {
    if (rule.crm.empty() || rule.crm == guest.api->name()) begin_fault(guest, rule);
  }
  return {};
}

void VendorHost::begin_fault(Guest& guest, const FaultRule& rule) {
  if (rule.fault == "token_revoked") guest.api->revoke_tokens();
  if (rule.fault == "stale" && rule.seconds > 0) company_of(guest).age(clock_.now() - seconds_of(rule, {}));
  if (guest.company) guest.company->live(clock_.now());
  apply_faults_of_data(guest);
}

void VendorHost::apply_faults_of_data(Guest& guest) {
  bool stale = false;
  bool dirty = false;
  Duration lag{};
  std::uint64_t calls = 0;
  for (const FaultRule& rule : faults_.of(guest.api->name())) {
    stale = stale || rule.fault == "stale";
    dirty = dirty || rule.fault == "dirty";
    if (rule.fault == "search_lag") lag = seconds_of(rule, kDefaultSearchLag);
    if (rule.fault == "quota") calls = std::max<std::uint64_t>(rule.calls, 1);
  }
  guest.api->set_daily_limit(calls);
  if (!guest.company) return;
  guest.company->set_stale(stale);
  guest.company->set_dirty(dirty);
  guest.company->set_search_lag(lag);
}

net::HttpResponse VendorHost::list_faults() const {
  boost::json::object faults;
  boost::json::array rules;
  if (demo_ != nullptr) {
    for (const auto& [crm, its] : demo_->crms()) {
      faults[crm] = to_string(its.empty() ? Fault::none : *its.begin());
      for (const Fault fault : its) rules.push_back({{"crm", crm}, {"fault", to_string(fault)}});
    }
  }
  for (const Guest& guest : guests_) {
    const auto of_guest = faults_.of(guest.api->name());
    faults[guest.api->name()] = of_guest.empty() ? std::string{"none"} : of_guest.front().fault;
  }
  for (const FaultRule& rule : faults_.all()) rules.push_back(to_json(rule));
  return json_answer_of(200, {{"faults", std::move(faults)}, {"rules", std::move(rules)}});
}

net::HttpResponse VendorHost::list_requests(const net::HttpRequest& request) const {
  RequestLog::Filter filter;
  filter.crm = parameter(request, "crm");
  filter.operation = parameter(request, "operation");
  if (const std::string since = parameter(request, "since"); !since.empty()) {
    const auto time = parse_time(since);
    if (!time) return problem(422, "bad_since", "since must be a time such as 2026-11-21T09:00:00Z", "since");
    filter.since = time.value();
  }
  const std::string after = parameter(request, "after");
  std::from_chars(after.data(), after.data() + after.size(), filter.after);
  return json_answer_of(200, log_.list(filter));
}

net::HttpResponse VendorHost::data(const net::HttpRequest& request) {
  const std::string name = parameter(request, "crm");
  Guest* guest = name.empty() && !guests_.empty() ? &guests_.front() : guest_named(name);
  if (guest == nullptr) return problem(404, "unknown_crm", fmt::format("the sandbox has {}", fmt::join(names(), ", ")));
  auto truth = truth_of(company_of(*guest), clock_.now());
  truth["crm"] = guest->api->name();
  return json_answer_of(200, std::move(truth));
}

}  // namespace crmpulse::sandbox
