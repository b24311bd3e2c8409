#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "collector/api/html.h"
#include "collector/public/render.h"
#include "collector/public/words.h"
#include "net/base/crypto.h"

namespace crmpulse::collector {
namespace {

constexpr std::size_t kMostEntries = 100;

/// The same name gives the same id, whatever becomes of the page: readers know by it what they have shown already. A
/// UUID of the form for hashes of one's own (RFC 9562, version 8).
std::string urn_of(std::string_view name) {
  std::string hex = net::hex(net::sha256(name)).substr(0, 32);
  hex[12] = '8';
  hex[16] = "89ab"[static_cast<std::size_t>(hex[16] % 4)];
  return fmt::format("urn:uuid:{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                     hex.substr(16, 4), hex.substr(20, 12));
}

struct Entry {
  std::string id;
  std::string title;
  std::string text;
  TimePoint published;
  TimePoint updated;
};

std::vector<Entry> entries_of(const PublicStatus& status, Language language) {
  std::vector<Entry> entries;
  for (const PublicCrm& crm : status.crms) {
    const std::string& name = in_language(crm.name, language);
    for (const ShownIncident& one : crm.incidents) {
      const std::string says = in_language(incident_sentence(one, status), language);
      const std::string_view word = state_word(one.level == Level::poor ? Shown::poor : Shown::sub_healthy, language);
      entries.push_back({urn_of("incident/" + one.id),
                         one.resolved ? in_words(language, "{}: over ({})", "{}：已恢复（{}）", name, word)
                                      : in_words(language, "{}: {}", "{}：{}", name, word),
                         says, one.opened, one.resolved.value_or(one.opened)});
    }
    for (const PlannedWork& work : crm.planned) {
      entries.push_back({urn_of(fmt::format("maintenance/{}/{}/{}", work.id, crm.crm, format_time(work.from))),
                         in_words(language, "{}: planned maintenance", "{}：计划内维护", name),
                         in_language(planned_sentence(work, status), language), work.announced, work.announced});
    }
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.updated > b.updated; });
  if (entries.size() > kMostEntries) entries.resize(kMostEntries);
  return entries;
}

}  // namespace

std::string render_atom(const PublicStatus& status, Language language) {
  const std::vector<Entry> entries = entries_of(status, language);
  const std::string title = escape_html(in_language(status.title, language));
  const std::string_view code = language == Language::zh ? "zh" : "en";
  const std::string base = status.address.empty() ? std::string{} : escape_html(status.address) + "/";
  TimePoint updated = entries.empty() ? TimePoint{} : entries.front().updated;
  for (const PublicCrm& crm : status.crms) {
    if (crm.state != Shown::unknown) updated = std::max(updated, crm.since);
  }
  std::string out = fmt::format(
      "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"{0}\">\n"
      "<id>{1}</id>\n<title>{2}</title>\n<updated>{3}</updated>\n<author><name>{2}</name></author>\n"
      "<link rel=\"self\" type=\"application/atom+xml\" href=\"{4}status.atom?lang={0}\"/>\n"
      "<link rel=\"alternate\" type=\"text/html\" href=\"{4}status?lang={0}\"/>\n",
      code, urn_of("status/" + status.address), title, format_time(updated), base);
  for (const Entry& entry : entries) {
    out += fmt::format(
        "<entry>\n<id>{}</id>\n<title>{}</title>\n<published>{}</published>\n<updated>{}</updated>\n"
        "<link rel=\"alternate\" type=\"text/html\" href=\"{}status?lang={}\"/>\n<summary>{}</summary>\n</entry>\n",
        entry.id, escape_html(entry.title), format_time(entry.published), format_time(entry.updated), base, code,
        escape_html(entry.text));
  }
  return out + "</feed>\n";
}

}  // namespace crmpulse::collector
