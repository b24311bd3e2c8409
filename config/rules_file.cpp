#include "config/rules_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "config/pattern.h"
#include "config/reader.h"
#include "config/rule_reader.h"
#include "config/zone.h"

namespace crmpulse::config {
namespace {

using Matches = std::vector<LabelMatch>;

/// Every CRM `narrow` selects is one `wide` selects too. Values are sorted.
bool within(const Matches& narrow, const Matches& wide) {
  return std::all_of(wide.begin(), wide.end(), [&](const LabelMatch& bound) {
    return std::any_of(narrow.begin(), narrow.end(), [&](const LabelMatch& match) {
      return match.name == bound.name &&
             std::includes(bound.any_of.begin(), bound.any_of.end(), match.any_of.begin(), match.any_of.end());
    });
  });
}

/// The rules of all files so far.
class Merge {
 public:
  explicit Merge(std::vector<Rule>& rules) : rules_(rules) {}

  /// Returns the rule that a new one inherits from, nullptr if there is none of that id.
  [[nodiscard]] const Rule* base(const std::string& id, const Matches& applies_to) const {
    const Rule* wider = nullptr;
    const Rule* latest = nullptr;
    for (const Rule& rule : rules_) {
      if (rule.id != id) continue;
      if (rule.applies_to == applies_to) return &rule;
      if (within(applies_to, rule.applies_to)) wider = &rule;
      latest = &rule;
    }
    return wider != nullptr ? wider : latest;
  }

  /// A rule with problems lends its defaults to those that inherit from it; what they lack is not their fault.
  void mark_broken(const std::string& id) { broken_.insert(id); }
  [[nodiscard]] bool is_broken(const std::string& id) const { return broken_.contains(id); }

  void place(Rule rule) {
    const auto same = std::find_if(rules_.begin(), rules_.end(), [&](const Rule& other) {
      return other.id == rule.id && other.applies_to == rule.applies_to;
    });
    if (same != rules_.end()) {
      *same = std::move(rule);
      return;
    }
    // A wider rule must not win over the narrower ones that are there already.
    const auto narrower = std::find_if(rules_.begin(), rules_.end(), [&](const Rule& other) {
      return other.id == rule.id && within(other.applies_to, rule.applies_to);
    });
    rules_.insert(narrower, std::move(rule));
  }

 private:
  std::vector<Rule>& rules_;
  std::set<std::string> broken_;
};

struct Seen {
  std::string id;
  Matches applies_to;
  int line;
};

/// Of a rule that says by which others it is explained; checked when all files are read.
void note_inhibition(Reader& reader, const Rule& rule, std::vector<InhibitionPlace>& places) {
  const Node* node = reader.raw("inhibited_by");
  if (node == nullptr) return;
  const std::string path = reader.path().empty() ? "inhibited_by" : reader.path() + ".inhibited_by";
  places.push_back({rule.id, rule.inhibited_by, reader.file(), path, node->key_line > 0 ? node->key_line : node->line});
}

void read_one(Reader& reader, Merge& merge, std::vector<Seen>& seen, std::vector<InhibitionPlace>& places) {
  std::string id;
  if (!reader.require("id", id)) return;
  if (id.empty()) return reader.problem("id", "is empty");
  const Matches applies_to = read_matches(reader, "applies_to");
  const auto twin = std::find_if(seen.begin(), seen.end(),
                                 [&](const Seen& other) { return other.id == id && other.applies_to == applies_to; });
  if (twin != seen.end()) {
    return reader.problem(
        "id", fmt::format("duplicate id '{}' with the same applies_to, already in line {}", id, twin->line));
  }
  seen.push_back({id, applies_to, reader.line()});
  const Rule* base = merge.base(id, applies_to);
  Rule rule = base != nullptr ? *base : Rule{};
  rule.id = id;
  rule.applies_to = applies_to;
  rule.file = reader.file();
  rule.line = reader.line();
  const std::size_t before = reader.problem_count();
  read_rule(reader, base != nullptr, rule);
  note_inhibition(reader, rule, places);
  reader.finish();
  if (reader.problem_count() == before && !merge.is_broken(id)) check_rule(reader, rule);
  if (reader.problem_count() != before) merge.mark_broken(id);
  merge.place(std::move(rule));
}

void check_weights(const std::vector<std::string>& files, const std::vector<Rule>& rules, Problems& problems) {
  const std::string file = files.empty() ? "rules" : files.front();
  if (rules.empty()) {
    problems.push_back({file, 0, "rules", "no file holds a rule; nothing would be judged"});
  } else if (std::all_of(rules.begin(), rules.end(), [](const Rule& rule) { return rule.weight == 0; })) {
    problems.push_back({file, 0, "rules", "the weights of all rules add up to 0; there would be no score"});
  }
}

std::vector<std::string> expand_all(const std::vector<std::string>& patterns, Problems& problems) {
  std::vector<std::string> files;
  for (const std::string& pattern : patterns) {
    Expansion found = expand_pattern(pattern);
    if (!found.fault.empty()) problems.push_back({pattern, 0, "", found.fault});
    for (std::string& file : found.files) files.push_back(std::move(file));
  }
  return files;
}

std::optional<Document> load(const std::string& file, Problems& problems) {
  auto document = load_configuration_file(file);
  if (document) return std::move(*document);
  const Problems found = document.error();
  problems.insert(problems.end(), found.begin(), found.end());
  return std::nullopt;
}

bool read_text(Reader& reader, std::string_view key, std::string& out) {
  if (!reader.require(key, out)) return false;
  if (out.find_first_not_of(" \t\n") == std::string::npos) reader.problem(key, "is empty");
  out.erase(out.find_last_not_of(" \t\n") + 1);
  return true;
}

Remedy read_remedy(Reader& reader) {
  Remedy remedy;
  read_text(reader, "en", remedy.en);
  read_text(reader, "zh", remedy.zh);
  return remedy;
}

void read_remedies(Reader& reader, Remedies& remedies) {
  for (const std::string& key : reader.keys()) {
    if (key.find('/') != std::string::npos)
      reader.problem(key, "a key must not contain '/'; write additions for a kind under kinds");
    std::erase_if(remedies,
                  [&](const auto& entry) { return entry.first == key || entry.first.starts_with(key + '/'); });
    Reader entry = reader.child(key);
    remedies[key] = read_remedy(entry);
    Reader kinds = entry.child("kinds");
    for (const std::string& kind : kinds.keys()) {
      Reader addition = kinds.child(kind);
      remedies[fmt::format("{}/{}", key, kind)] = read_remedy(addition);
      addition.finish();
    }
    entry.finish();
  }
}

}  // namespace

boost::system::result<Ruleset, Problems> load_rules(const std::vector<std::string>& patterns) {
  Problems problems;
  Ruleset ruleset;
  Merge merge{ruleset.rules};
  std::vector<InhibitionPlace> inhibitions;
  const std::vector<std::string> files = expand_all(patterns, problems);
  for (const std::string& file : files) {
    const auto document = load(file, problems);
    if (!document) continue;
    Reader reader{document->root, "", document->file, problems};
    Reader settings = reader.child("settings");
    read_settings(settings, ruleset.settings);
    std::vector<Seen> seen;
    for (Reader& rule : reader.each("rules")) read_one(rule, merge, seen, inhibitions);
    reader.finish();
  }
  if (problems.empty()) check_inhibitions(inhibitions, ruleset.rules, problems);
  if (problems.empty()) check_weights(files, ruleset.rules, problems);
  if (!problems.empty()) return problems;
  ruleset.find_zone = [](std::string_view name) -> std::optional<Zone> {
    auto zone = load_zone(name);
    if (!zone) return std::nullopt;
    return std::move(*zone);
  };
  return ruleset;
}

boost::system::result<Remedies, Problems> load_remedies(const std::vector<std::string>& patterns) {
  Problems problems;
  Remedies remedies;
  for (const std::string& file : expand_all(patterns, problems)) {
    const auto document = load(file, problems);
    if (!document) continue;
    Reader reader{document->root, "", document->file, problems};
    Reader entries = reader.child("remedies");
    read_remedies(entries, remedies);
    reader.finish();
  }
  if (!problems.empty()) return problems;
  return remedies;
}

}  // namespace crmpulse::config
