#include "collector/configuration/configuration.h"

#include "collector/configuration/doubtful_names.h"
#include "collector/configuration/shipped.h"
#include "config/pattern.h"

namespace crmpulse::collector {
namespace {

void append(Problems& problems, const Problems& more) {
  problems.insert(problems.end(), more.begin(), more.end());
}

}  // namespace

boost::system::result<std::shared_ptr<const Configuration>, Problems> load_configuration(const std::string& file) {
  auto settings = load_settings(file);
  if (!settings) return settings.error();
  auto loaded = std::make_shared<Configuration>();
  loaded->settings = std::move(*settings);
  Problems problems;
  if (auto ruleset = config::load_rules(loaded->settings.rules)) {
    loaded->ruleset = std::move(*ruleset);
  } else {
    append(problems, ruleset.error());
  }
  if (auto remedies = config::load_remedies(loaded->settings.remedies)) {
    loaded->remedies = std::move(*remedies);
  } else {
    append(problems, remedies.error());
  }
  for (const ReceiverSettings& receiver : loaded->settings.receivers)
    loaded->receivers.emplace(receiver.name, receiver.receiver);
  if (!problems.empty()) return problems;
  for (const auto* patterns : {&loaded->settings.rules, &loaded->settings.remedies}) {
    for (std::string& warning : config::unmatched(*patterns, loaded->settings.ours))
      loaded->warnings.push_back(std::move(warning));
  }
  for (std::string& warning : doubtful_names(loaded->settings.rules, loaded->settings.remedies, loaded->ruleset,
                                             loaded->remedies, shipped_folder() + "/rules"))
    loaded->warnings.push_back(std::move(warning));
  return std::shared_ptr<const Configuration>{std::move(loaded)};
}

std::vector<rules::ReceiverSpec> receiver_specs(const std::vector<ReceiverSettings>& receivers) {
  std::vector<rules::ReceiverSpec> specs;
  for (const ReceiverSettings& receiver : receivers) {
    if (receiver.heartbeat) continue;
    specs.push_back({receiver.name, receiver.min_level, receiver.only, receiver.escalate_after, receiver.digests,
                     receiver.acknowledges});
  }
  return specs;
}

}  // namespace crmpulse::collector
