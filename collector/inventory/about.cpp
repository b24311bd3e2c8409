// `GET /api/v1/about`: which program this is, what it is made of, how much it keeps and for how long.

#include "collector/http/answers.h"
#include "collector/inventory/inventory.h"
#include "core/version.h"
#include "store/collector/sizes.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

json::array libraries_json(std::span<const Library> libraries) {
  json::array out;
  for (const Library& library : libraries)
    out.push_back(json::object{{"name", library.name}, {"version", library.version}, {"licence", library.licence}});
  return out;
}

json::array contents_json(const std::vector<store::KeptSize>& contents) {
  json::array out;
  for (const store::KeptSize& size : contents)
    out.push_back(
        json::object{{"kind", size.kind},
                     {"bytes", size.bytes},
                     {"oldest_at", size.oldest ? json::value(format_time(*size.oldest)) : json::value(nullptr)}});
  return out;
}

}  // namespace

void Inventory::about(net::Respond respond) {
  const Settings& settings = parts_.engine.configuration().settings;
  json::object about{{"version", kVersion},
                     {"licence", "Apache-2.0"},
                     {"started_at", format_time(started_)},
                     {"libraries", libraries_json(libraries_)},
                     {"retention", json::object{{"samples", format_duration(settings.retention.samples)},
                                                {"states", format_duration(settings.retention.states)}}},
                     {"journal_max_bytes", settings.retention.journal_max},
                     {"contents", contents_json(parts_.contents())}};
  const auto job = [about = std::move(about)](store::Database& database) -> Result<net::HttpResponse> {
    const auto sizes = store::store_sizes(database);
    if (!sizes) return sizes.error();
    json::array kinds;
    for (const store::KindSize& size : *sizes)
      kinds.push_back(json::object{{"kind", size.kind}, {"bytes", size.bytes}});
    json::object whole = about;
    whole["store"] = std::move(kinds);
    return json_answer(whole);
  };
  parts_.api.from_store(job, std::move(respond));
}

}  // namespace crmpulse::collector
