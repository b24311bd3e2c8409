#include "agent/settings/targets.h"

#include <future>
#include <utility>

#include "core/time/clock.h"

namespace crmpulse::agent {
namespace {

Labels labels_of(const Settings& settings, const CrmSettings& crm) {
  Labels labels = settings.labels;
  for (const auto& [name, value] : crm.labels) labels.set(name, value);
  labels.set("crm", crm.name);
  labels.set("kind", crm.recipe->name);
  labels.set("agent", settings.agent_name);
  return labels;
}

}  // namespace

boost::system::result<Targets, Problems> make_targets(const Settings& settings, probes::Runtime& runtime) {
  Targets targets;
  Problems problems;
  for (const CrmSettings& crm : settings.crms) {
    probes::TargetSpec spec{.crm = crm.name,
                            .recipe = crm.recipe,
                            .arguments = crm.arguments,
                            .labels = labels_of(settings, crm),
                            .default_timeout = settings.timeout,
                            .auth = crm.auth,
                            .tls = crm.tls,
                            .proxy = crm.proxy,
                            .state_dir = settings.state_dir,
                            .switched_off = crm.switched_off_write_tests};
    if (auto made = probes::Target::make(runtime, std::move(spec))) {
      targets.push_back(std::move(*made));
    } else {
      for (const Problem& problem : made.error()) problems.push_back(problem);
    }
  }
  if (!problems.empty()) return problems;
  return targets;
}

std::string pooler_note(const probes::Target& target) {
  const std::string found = target.pooler();
  if (found.empty()) return found;
  return found + ": no setting of a session outlives its statement, whatever the pool mode";
}

probes::Reading run_once(probes::Target& target, std::size_t index) {
  auto reading = std::make_shared<std::promise<probes::Reading>>();
  auto future = reading->get_future();
  target.start(index, wall_now(), [reading](probes::Reading value) { reading->set_value(std::move(value)); });
  return future.get();
}

double calls_a_day(const probes::Target::Planned& planned) {
  const Duration interval = planned.measurement->interval.value_or(std::chrono::seconds{30});
  return 86'400.0 / to_seconds(interval) * planned.calls;
}

}  // namespace crmpulse::agent
