#pragma once
// A CRM tried before it is written into agent.yaml: as the file would read with it, measured once.

#include <memory>
#include <optional>
#include <string>

#include "agent/print/judge.h"
#include "agent/settings/settings.h"
#include "agent/settings/targets.h"
#include "agent/setup/entry.h"
#include "core/rule.h"
#include "core/words/language.h"

namespace crmpulse::agent::setup {

/// Writes nothing. Waits for the CRM.
class Trial {
 public:
  /// `before` is what the file `config` holds, or would hold without the CRM.
  Trial(std::string config, std::string before, SettingsDefaults defaults)
      : config_(std::move(config)), before_(std::move(before)), defaults_(std::move(defaults)) {}

  /// The whole file is read with the CRM in it; what is kept of it is this CRM.
  struct Made {
    Settings settings;
    Targets targets;  ///< one
  };
  using MadeResult = boost::system::result<Made, Problems>;
  /// The entry's secrets are those of put_into_environment().
  [[nodiscard]] MadeResult make(const CrmEntry& entry);
  /// Returns the whole file with the CRM, as it is to be written.
  [[nodiscard]] Result<std::string> text(const CrmEntry& entry) const;
  /// Runs the liveness measurement.
  [[nodiscard]] static probes::Reading liveness(Made& made);
  /// Runs every measurement once; judges nothing.
  [[nodiscard]] static CrmReport probe(Made& made);
  /// Judges what a report still holds. It points into this trial then.
  [[nodiscard]] std::optional<Problems> judge(CrmReport& report, const Made& made);
  /// Returns what it costs in one line: `20 measurements, 12,312 statements a day`.
  [[nodiscard]] static std::string cost(const Made& made, Language language);

 private:
  const std::string config_;
  const std::string before_;
  const SettingsDefaults defaults_;
  Ruleset rules_;
  probes::Runtime runtime_;
};

}  // namespace crmpulse::agent::setup
