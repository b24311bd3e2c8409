#include "probes/target.h"

#include <set>
#include <utility>

#include "probes/http/run_http.h"
#include "probes/http_target.h"
#include "probes/runtime.h"
#include "probes/sql_target.h"

namespace crmpulse::probes {
namespace {

std::vector<Target::Planned> plan_of(const TargetSpec& spec) {
  std::vector<Target::Planned> plan;
  for (const Measurement& measurement : spec.recipe->measurements) {
    if (!measurement.when.empty() && !spec.arguments.given(measurement.when)) continue;
    plan.push_back({&measurement, measurement.timeout.value_or(spec.default_timeout),
                    planned_calls(*spec.recipe, measurement, spec.arguments)});
  }
  return plan;
}

}  // namespace

boost::system::result<std::unique_ptr<Target>, Problems> Target::make(Runtime& runtime, TargetSpec given) {
  const auto spec = std::make_shared<const TargetSpec>(std::move(given));
  const auto make = spec->recipe->transport == Transport::sql ? &SqlTarget::make : &HttpTarget::make;
  auto made = make(runtime.impl(), spec, plan_of(*spec));
  if (!made) return made.error();
  runtime.impl().add(*made);
  return std::unique_ptr<Target>{new Target{*std::move(made)}};
}

Target::Target(std::shared_ptr<TransportTarget> impl) : impl_(std::move(impl)) {}

Target::~Target() {
  impl_->stop();
}

const std::vector<Target::Planned>& Target::measurements() const {
  return impl_->plan();
}

const TargetSpec& Target::spec() const {
  return impl_->spec();
}

std::optional<auth::LoginStats> Target::auth_stats() const {
  return impl_->auth_stats();
}

std::string Target::account() const {
  return impl_->account();
}

void Runtime::keep_logins_of(const std::vector<std::unique_ptr<Target>>& targets, const std::string& state_dir) {
  std::set<std::string> identities;
  for (const auto& target : targets) identities.insert(target->impl_->login_identity());
  impl_->sessions.keep_only(identities, state_dir);
}

std::string Target::pooler() const {
  return impl_->pooler();
}

void Target::start(std::size_t index, TimePoint scheduled, std::function<void(Reading)> done) {
  impl_->start(index, scheduled, std::move(done));
}

}  // namespace crmpulse::probes
