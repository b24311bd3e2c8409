#pragma once
// Everything the collector is told by files, loaded and checked together: a start or a reload has all of it or none.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "collector/configuration/settings.h"
#include "collector/receivers/base/receiver.h"
#include "config/rules_file.h"
#include "rules/engine.h"

namespace crmpulse::collector {

/// Immutable once loaded; shared by whoever was handed a piece of work under it.
struct Configuration {
  Settings settings;
  Ruleset ruleset;
  config::Remedies remedies;
  std::map<std::string, std::shared_ptr<const Receiver>, std::less<>> receivers;  ///< by name
  std::vector<std::string> warnings;  ///< what may be meant and probably is not; a sentence each
};

[[nodiscard]] boost::system::result<std::shared_ptr<const Configuration>, Problems> load_configuration(
    const std::string& file);
/// As far as deciding needs to know them.
[[nodiscard]] std::vector<rules::ReceiverSpec> receiver_specs(const std::vector<ReceiverSettings>& receivers);

}  // namespace crmpulse::collector
