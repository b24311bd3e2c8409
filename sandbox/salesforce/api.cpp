#include "sandbox/salesforce/api.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

namespace crmpulse::sandbox::salesforce {
namespace {

constexpr int kOldest = 31;  ///< 7 to 30 are retired
constexpr int kNewest = 68;  ///< Winter '27
constexpr std::size_t kMostCursors = 10;

ApiError method_not_allowed(const std::string& method) {
  return {405, "METHOD_NOT_ALLOWED", fmt::format("HTTP Method '{}' not allowed.", method), {}};
}

boost::json::object allowance(std::uint64_t most, std::uint64_t remaining) {
  return {{"Max", most}, {"Remaining", remaining}};
}

std::string season(int version) {
  static constexpr std::array<std::string_view, 3> kSeasons{"Spring", "Summer", "Winter"};
  const int from = version - 60;  // v60.0 is Spring '24
  const int number = from >= 0 ? from : from - 2;
  const int which = ((from % 3) + 3) % 3;
  return fmt::format("{} '{:02}", kSeasons.at(static_cast<std::size_t>(which)), 24 + number / 3 + (which == 2 ? 1 : 0));
}

Reply resources(const ApiCall& call) {
  boost::json::object out;
  for (const char* name : {"composite", "limits", "parameterizedSearch", "query", "queryAll", "search", "sobjects"})
    out[name] = fmt::format("/services/data/v{}/{}", call.version, name);
  return {200, std::move(out), {}};
}

Reply record_count(const World& world, const ApiCall& call) {
  boost::json::array list;
  for (const std::string& name : comma_list(parameter(call, "sObjects"))) {
    const Object* object = visible_object(world, name);
    if (object == nullptr) continue;  // the real one leaves unknown names out too
    const auto& ids = object->is_stored() ? world.company.of(object->kind()) : std::vector<RecordId>{};
    const auto live =
        std::count_if(ids.begin(), ids.end(), [&](RecordId id) { return !world.company.find(id)->deleted; });
    const std::size_t made_up = object->is_stored() ? 0 : made_up_records(world, *object).size();
    list.push_back({{"count", static_cast<std::size_t>(live) + made_up}, {"name", object->name}});
  }
  return {200, boost::json::object{{"sObjects", std::move(list)}}, {}};
}

}  // namespace

std::optional<VersionedPath> versioned(std::string_view path) {
  constexpr std::string_view kBase = "/services/data/v";
  if (!path.starts_with(kBase)) return std::nullopt;
  path.remove_prefix(kBase.size());
  const std::size_t slash = std::min(path.find('/'), path.size());
  return VersionedPath{std::string{path.substr(0, slash)}, std::string{path.substr(slash)}};
}

std::optional<ApiError> problem_of_version(const std::string& version) {
  int number = 0;
  const auto [end, error] = std::from_chars(version.data(), version.data() + version.size(), number);
  const bool well_formed = error == std::errc{} && std::string_view{end} == ".0";
  if (!well_formed || number < 7 || number > kNewest) return not_found();
  if (number < kOldest) return ApiError{410, "GONE", fmt::format("API version v{} has been retired.", version), {}};
  return std::nullopt;
}

boost::json::array versions() {
  boost::json::array out;
  for (int version = kOldest; version <= kNewest; ++version)
    out.push_back({{"label", season(version)},
                   {"url", fmt::format("/services/data/v{}.0", version)},
                   {"version", fmt::format("{}.0", version)}});
  return out;
}

std::string operation_of(const std::string& method, std::string_view rest) {
  const auto parts = path_parts(rest);
  if (parts.empty()) return "versions";
  const std::string& first = parts.front();
  if (first == "query" || first == "queryAll") return "query";
  if (first == "search" || first == "parameterizedSearch") return "search";
  if (first == "limits") return "limits";
  if (first == "composite") return parts.size() > 1 && parts[1] == "batch" ? "batch" : "composite";
  if (first != "sobjects") return "read";
  if (method == "GET") return parts.size() == 1 || parts.back() == "describe" ? "describe" : "read";
  if (method == "POST") return "create";
  return method == "DELETE" ? "delete" : "update";
}

std::optional<ApiCall> call_of(std::string_view url, const std::string& method) {
  net::HttpRequest request;
  const std::size_t mark = url.find('?');
  if (mark != std::string_view::npos) request.body = std::string{url.substr(mark + 1)};
  const auto path = versioned(url.substr(0, mark));
  if (!path) return std::nullopt;
  ApiCall call;
  call.method = method;
  call.path = path->rest;
  call.version = path->version;
  if (mark != std::string_view::npos) call.query = form_of(request);
  return call;
}

boost::json::object Cursors::cut(const Cursor& cursor, std::size_t from, const ApiCall& call) {
  const auto& all = cursor.asked.records;
  const std::size_t end = std::min(from + call.batch_size, all.size());
  boost::json::array records;
  for (std::size_t i = from; i < end; ++i) records.push_back(all[i]);
  boost::json::object out{{"totalSize", cursor.asked.total}, {"done", end == all.size()}};
  if (end < all.size())
    out["nextRecordsUrl"] = fmt::format("/services/data/v{}/query/{}-{}", call.version, cursor.id, end);
  out["records"] = std::move(records);
  return out;
}

boost::json::object Cursors::first_page(Asked asked, const ApiCall& call) {
  Cursor cursor{id_text("01g", next_++), std::move(asked)};
  boost::json::object out = cut(cursor, 0, call);
  if (cursor.asked.records.size() <= call.batch_size) return out;
  cursors_.push_back(std::move(cursor));
  if (cursors_.size() > kMostCursors) cursors_.pop_front();
  return out;
}

Answer<boost::json::object> Cursors::page(const std::string& locator, const ApiCall& call) {
  const std::size_t dash = locator.find('-');
  std::size_t from = 0;
  if (dash != std::string::npos) std::from_chars(locator.data() + dash + 1, locator.data() + locator.size(), from);
  const auto found = std::find_if(cursors_.begin(), cursors_.end(),
                                  [&](const Cursor& one) { return one.id == locator.substr(0, dash); });
  if (found == cursors_.end() || from >= found->asked.records.size())
    return ApiError{400, "INVALID_QUERY_LOCATOR", "invalid query locator", {}};
  return cut(*found, from, call);
}

Reply Api::answer(World& world, const ApiCall& call, std::uint64_t& cost) {
  if (call.path == "/composite" || call.path == "/composite/") return composite(world, call);
  if (call.path == "/composite/batch") return batch(world, call, cost);
  Undo undo;
  return serve(world, call, undo);
}

Reply Api::serve(World& world, const ApiCall& call, Undo& undo) {
  const auto parts = path_parts(call.path);
  if (parts.empty()) return resources(call);
  const std::string& first = parts.front();
  if (first == "sobjects") return serve_sobjects(world, call, undo);
  if (first == "composite" && parts.size() > 1 && parts[1] == "sobjects") return serve_collection(world, call, undo);
  if (first == "parameterizedSearch" || first == "search") {
    const auto found =
        first == "search" ? search(world, parameter(call, "q"), call.version) : parameterized_search(world, call);
    return found ? Reply{200, found.value(), {}} : reply_of(found.error());
  }
  if (call.method != "GET") return reply_of(method_not_allowed(call.method));
  if (first == "query" || first == "queryAll") {
    if (parts.size() == 1) return query(world, call, first == "queryAll");
    const auto page = cursors_.page(parts[1], call);
    return page ? Reply{200, page.value(), {}} : reply_of(page.error());
  }
  if (first == "limits" && parts.size() > 1 && parts[1] == "recordCount") return record_count(world, call);
  if (first == "limits") return limits(world);
  return reply_of(not_found());
}

Reply Api::query(const World& world, const ApiCall& call, bool deleted_too) {
  const std::string soql = parameter(call, "q");
  if (soql.empty()) return reply_of({400, "MALFORMED_QUERY", "SOQL statements cannot be empty or null", {}});
  auto asked = ask(world, soql, call.version, deleted_too);
  if (!asked) return reply_of(asked.error());
  return {200, cursors_.first_page(std::move(asked.value()), call), {}};
}

Reply Api::limits(const World& world) const {
  const std::uint64_t remaining = left(usage_.limit(), usage_.used(world.now));
  return {200,
          boost::json::object{{"DailyApiRequests", allowance(usage_.limit(), remaining)},
                              {"DailyAsyncApexExecutions", allowance(250'000, 249'120)},
                              {"DailyBulkV2QueryJobs", allowance(10'000, 10'000)},
                              {"DailyBulkApiBatches", allowance(15'000, 15'000)},
                              {"ConcurrentAsyncGetReportInstances", allowance(200, 200)},
                              {"DataStorageMB", allowance(10'240, 7'130)},
                              {"FileStorageMB", allowance(10'240, 9'905)},
                              {"HourlyTimeBasedWorkflow", allowance(1'000, 1'000)},
                              {"SingleEmail", allowance(5'000, 4'890)},
                              {"MassEmail", allowance(5'000, 5'000)}},
          {}};
}

}  // namespace crmpulse::sandbox::salesforce
