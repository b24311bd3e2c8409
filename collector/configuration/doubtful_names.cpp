#include "collector/configuration/doubtful_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>

#include "config/node.h"
#include "config/pattern.h"
#include "config/suggest.h"
#include "core/dimension.h"
#include "core/metric_names.h"

namespace crmpulse::collector {
namespace {

using config::Node;

const Node* member(const Node& node, std::string_view key) {
  const auto found = std::find_if(node.members.begin(), node.members.end(),
                                  [key](const config::Member& one) { return one.first == key; });
  return found == node.members.end() ? nullptr : &found->second;
}

/// The document's values, and the sentences about them.
class Names {
 public:
  Names(const Ruleset& ruleset, const config::Remedies& remedies) {
    for (const std::string_view name : metric_names()) metrics_.emplace_back(name);
    for (const DimensionName& one : dimensions()) dimensions_.emplace_back(one.id);
    for (const auto& [key, remedy] : remedies) {
      if (key.find('/') == std::string::npos) remedies_.push_back(key);
    }
    for (const Rule& rule : ruleset.rules) used_.insert(rule.remedy);
  }

  void look_at_rules(const config::Document& document) {
    const Node* const rules = member(document.root, "rules");
    if (rules == nullptr) return;
    for (std::size_t i = 0; i < rules->items.size(); ++i) {
      const Node& rule = rules->items[i];
      place_ = fmt::format("rules[{}]", i);
      if (const Node* name = member(rule, "dimension")) look_at_dimension(document, *name);
      if (const Node* name = member(rule, "remedy")) look_at_remedy(document, *name);
      const Node* const measure = member(rule, "measure");
      if (measure == nullptr) continue;
      look_at_metric(document, *measure, "measure");
      for (const char* part : {"per", "errors"}) {
        if (const Node* inner = member(*measure, part))
          look_at_metric(document, *inner, fmt::format("measure.{}", part));
      }
    }
  }

  /// A rule may judge what no recipe of ours measures.
  void know_metrics_of(const config::Document& document) {
    const Node* const rules = member(document.root, "rules");
    if (rules == nullptr) return;
    for (const Node& rule : rules->items) {
      const Node* const measure = member(rule, "measure");
      if (measure == nullptr) continue;
      for (const Node* part : {measure, member(*measure, "per"), member(*measure, "errors")}) {
        const Node* const metric = part == nullptr ? nullptr : member(*part, "metric");
        const bool known =
            metric == nullptr || std::find(metrics_.begin(), metrics_.end(), metric->scalar) != metrics_.end();
        if (!known) metrics_.push_back(metric->scalar);
      }
    }
  }

  void look_at_remedies(const config::Document& document) {
    const Node* const remedies = member(document.root, "remedies");
    if (remedies == nullptr) return;
    const std::vector<std::string> used{used_.begin(), used_.end()};
    for (const auto& [key, value] : remedies->members) {
      if (used_.contains(key)) continue;
      const auto meant = config::nearest(key, used);
      if (!meant) continue;
      sentences_.push_back(fmt::format("{}:{}: remedies.{}: no rule has this remedy; did you mean '{}'?", document.file,
                                       value.key_line, key, *meant));
    }
  }

  [[nodiscard]] std::vector<std::string> sentences() { return std::move(sentences_); }

 private:
  void say(const config::Document& document, const Node& at, std::string_view key, const std::string& what) {
    sentences_.push_back(fmt::format("{}:{}: {}.{}: {}", document.file, at.line, place_, key, what));
  }

  void look_at_metric(const config::Document& document, const Node& measure, const std::string& path) {
    const Node* const metric = member(measure, "metric");
    if (metric == nullptr) return;
    const std::string& name = metric->scalar;
    if (std::find(metrics_.begin(), metrics_.end(), name) != metrics_.end()) return;
    // Agents tell of themselves in these.
    if (name.starts_with("crm_agent_")) return;
    const bool lacks_prefix = is_metric_name("crm_" + name);
    if (!name.starts_with("crm_") && !lacks_prefix) return;
    const auto meant = lacks_prefix ? std::optional{"crm_" + name} : config::nearest(name, metrics_);
    say(document, *metric, path + ".metric",
        fmt::format("no agent sends '{}'{}", name, meant ? fmt::format("; did you mean '{}'?", *meant) : ""));
  }

  void look_at_dimension(const config::Document& document, const Node& dimension) {
    if (find_dimension(dimension.scalar) != nullptr) return;
    if (const auto meant = config::nearest(dimension.scalar, dimensions_))
      say(document, dimension, "dimension",
          fmt::format("'{}' is a dimension of your own; did you mean '{}'?", dimension.scalar, *meant));
  }

  void look_at_remedy(const config::Document& document, const Node& remedy) {
    if (std::find(remedies_.begin(), remedies_.end(), remedy.scalar) != remedies_.end()) return;
    say(document, remedy, "remedy",
        fmt::format("there is no remedy '{}'{}", remedy.scalar, config::suggestion(remedy.scalar, remedies_)));
  }

  std::vector<std::string> metrics_;
  std::vector<std::string> dimensions_;
  std::vector<std::string> remedies_;
  std::set<std::string, std::less<>> used_;
  std::string place_;
  std::vector<std::string> sentences_;
};

std::vector<config::Document> documents(const std::vector<std::string>& patterns) {
  std::vector<config::Document> out;
  for (const std::string& pattern : patterns) {
    for (const std::string& file : config::expand_pattern(pattern).files) {
      if (auto document = config::load_file(file)) out.push_back(std::move(*document));
    }
  }
  return out;
}

bool is_below(const std::string& file, const std::string& folder) {
  return file.starts_with(folder + "/");
}

}  // namespace

std::vector<std::string> doubtful_names(const std::vector<std::string>& rules, const std::vector<std::string>& remedies,
                                        const Ruleset& ruleset, const config::Remedies& known,
                                        const std::string& shipped) {
  Names names{ruleset, known};
  const std::vector<config::Document> all = documents(rules);
  for (const config::Document& document : all) {
    if (is_below(document.file, shipped)) names.know_metrics_of(document);
  }
  for (const config::Document& document : all) {
    if (!is_below(document.file, shipped)) names.look_at_rules(document);
  }
  for (const config::Document& document : documents(remedies)) {
    if (!is_below(document.file, shipped)) names.look_at_remedies(document);
  }
  return names.sentences();
}

}  // namespace crmpulse::collector
