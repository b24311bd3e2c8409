#include "collector/configuration/public_page.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/suggest.h"
#include "core/text/printable.h"

namespace crmpulse::collector {
namespace {

constexpr std::size_t kLongestName = 100;  ///< bytes

bool is_shown(std::string_view text) {
  return !text.empty() && text.size() <= kLongestName && is_printable(text) &&
         text.find_first_not_of(' ') != std::string_view::npos;
}

/// `Sales`, or `{en: Sales, zh: 销售系统}`.
void read_name(config::Reader& parent, std::string_view key, Bilingual& out) {
  const config::Node* node = parent.raw(key);
  if (node == nullptr) return;
  Bilingual name;
  if (node->kind == config::Node::Kind::mapping) {
    config::Reader both = parent.child(key);
    both.require("en", name.en);
    both.require("zh", name.zh);
    both.finish();
  } else if (parent.get(key, name.en)) {
    name.zh = name.en;
  }
  if (is_shown(name.en) && is_shown(name.zh)) {
    out = std::move(name);
  } else {
    parent.problem(key, fmt::format("must be 1 to {} bytes on one line, or {{en: …, zh: …}}", kLongestName));
  }
}

/// A list of names, or labels as in `only` of a receiver.
void read_crms(config::Reader& page, PublicPage& out) {
  const config::Node* node = page.raw("crms");
  if (node == nullptr) return page.missing("crms");
  if (node->kind != config::Node::Kind::mapping) {
    if (!page.get("crms", out.crms)) return;
    if (out.crms.empty()) page.problem("crms", "an empty list shows nothing: leave `public` out");
    for (const std::string& crm : out.crms) {
      if (std::count(out.crms.begin(), out.crms.end(), crm) > 1)
        return page.problem("crms", fmt::format("'{}' is given twice", crm));
      if (crm.empty() || crm.find('/') != std::string::npos)
        return page.problem("crms", fmt::format("'{}' cannot be part of an address", crm));
    }
    return;
  }
  config::Reader labels = page.child("crms");
  for (const std::string& label : labels.keys()) {
    LabelMatch match{label, {}};
    if (!labels.get(label, match.any_of)) continue;
    if (match.any_of.empty()) labels.problem(label, "an empty list selects nothing");
    out.labels.push_back(std::move(match));
  }
  if (out.labels.empty()) page.problem("crms", "no label selects nothing: name CRMs, or a label and its value");
}

void read_names(config::Reader& page, PublicPage& out) {
  if (!page.has("names")) return;
  config::Reader names = page.child("names");
  for (const std::string& crm : names.keys()) {
    if (!out.crms.empty() && std::find(out.crms.begin(), out.crms.end(), crm) == out.crms.end())
      names.problem(crm, fmt::format("`crms` has no '{}'{}", crm, config::suggestion(crm, out.crms)));
    read_name(names, crm, out.names[crm]);
  }
}

}  // namespace

bool PublicPage::shows(const std::string& crm, const Labels& its) const {
  return crms.empty() ? matches(labels, its) : std::find(crms.begin(), crms.end(), crm) != crms.end();
}

Bilingual PublicPage::name_of(const std::string& crm) const {
  const auto known = names.find(crm);
  return known == names.end() ? Bilingual{crm, crm} : known->second;
}

std::optional<PublicPage> read_public_page(config::Reader& root) {
  if (!root.has("public")) return std::nullopt;
  config::Reader reader = root.child("public");
  PublicPage page;
  read_crms(reader, page);
  read_names(reader, page);
  read_name(reader, "title", page.title);
  reader.finish();
  return page;
}

}  // namespace crmpulse::collector
