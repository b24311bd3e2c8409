#include "agent/print/probe_once.h"

#include <string>
#include <utility>

#include "agent/settings/targets.h"

namespace crmpulse::agent {

CrmReport probe_once(probes::Target& target) {
  CrmReport report{.crm = target.spec().crm,
                   .kind = target.spec().recipe->name,
                   .readings = {},
                   .liveness = {},
                   .levels = {},
                   .state = {},
                   .why = {},
                   .notes = {}};
  const auto& planned = target.measurements();
  for (std::size_t index = 0; index < planned.size(); ++index) {
    if (planned[index].measurement->liveness) report.liveness = planned[index].measurement->id;
    report.readings.push_back(run_once(target, index));
  }
  if (std::string note = pooler_note(target); !note.empty()) report.notes.push_back(std::move(note));
  return report;
}

}  // namespace crmpulse::agent
