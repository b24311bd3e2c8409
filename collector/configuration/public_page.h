#pragma once
// `public:` of collector.yaml: the status page that anybody may open, and which CRMs it shows under which names.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "collector/text/language.h"
#include "config/reader.h"
#include "core/labels.h"
#include "core/rule.h"

namespace crmpulse::collector {

struct PublicPage {
  /// CRMs by their names, in the order they are shown in; or, when it is empty, by labels.
  std::vector<std::string> crms;
  std::vector<LabelMatch> labels;
  std::map<std::string, Bilingual, std::less<>> names;  ///< by CRM: what strangers read instead of its name
  Bilingual title{"System status", "系统状态"};

  [[nodiscard]] bool shows(const std::string& crm, const Labels& its) const;
  /// Returns the name that strangers read.
  [[nodiscard]] Bilingual name_of(const std::string& crm) const;
};

/// Returns nullopt if the file has no `public:`. Problems go to the reader with their line.
[[nodiscard]] std::optional<PublicPage> read_public_page(config::Reader& root);

}  // namespace crmpulse::collector
