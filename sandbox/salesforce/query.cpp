// Answers to SOQL in Salesforce's shape.

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sandbox/salesforce/translate.h"

namespace crmpulse::sandbox::salesforce {
namespace {

constexpr std::size_t kMostGroups = 2000;

/// Rows to records: a value behind a reference stands in a nested record.
class Renderer {
 public:
  Renderer(const World& world, const Translator& translator, const std::string& version)
      : world_(world), translator_(translator), version_(version) {}

  [[nodiscard]] boost::json::object group(const Row& row) const {
    boost::json::object out{{"attributes", {{"type", "AggregateResult"}}}};
    const auto& shown = translator_.shown();
    for (std::size_t i = 0; i < shown.size(); ++i)
      out[shown[i].name] = to_json(world_.company, row.values[i], shown[i].column, translator_.object());
    return out;
  }

  [[nodiscard]] boost::json::object record(const Row& row, const Record& source) const {
    boost::json::object out{{"attributes", attributes(translator_.object(), row.id)}};
    const auto& shown = translator_.shown();
    for (std::size_t i = 0; i < shown.size(); ++i) {
      const Object* own = shown[i].what.object;
      boost::json::object* place = nested(out, shown[i].what, source);
      if (place == nullptr) continue;
      (*place)[shown[i].what.names.back()] = to_json(world_.company, row.values[i], shown[i].column, *own);
    }
    return out;
  }

 private:
  [[nodiscard]] boost::json::object attributes(const Object& object, RecordId id) const {
    return {{"type", object.name}, {"url", record_url(version_, object, id_text(object.prefix, id))}};
  }

  /// Null: a reference on the way is null, and stands so in the answer.
  boost::json::object* nested(boost::json::object& out, const Resolved& what, const Record& source) const {
    boost::json::object* here = &out;
    std::string path;
    for (std::size_t i = 0; i + 1 < what.names.size(); ++i) {
      // A column with a dot in its own name (Who.Type) is under the reference of that name.
      const std::string_view step =
          i < what.references.size() ? what.references[i]->canonical : first_step(what.column->canonical);
      path += (path.empty() ? "" : ".") + std::string{step};
      const Value id = sandbox::resolve(world_.company, source, path);
      const auto* number = std::get_if<double>(&id);
      const Record* target = number == nullptr ? nullptr : world_.company.find(static_cast<RecordId>(*number));
      const bool leads_nowhere = std::holds_alternative<std::monostate>(id);
      if (target == nullptr && (leads_nowhere || i < what.references.size())) {
        here->emplace(what.names[i], nullptr);
        return nullptr;
      }
      auto& member = (*here)[what.names[i]];
      if (!member.is_object()) {
        const Object* object = target == nullptr ? nullptr : object_of(target->kind);
        member = boost::json::object{};
        if (object != nullptr) member.as_object()["attributes"] = attributes(*object, target->id);
      }
      here = &member.as_object();
    }
    return here;
  }
  static std::string_view first_step(std::string_view path) { return path.substr(0, path.find('.')); }

  const World& world_;
  const Translator& translator_;
  const std::string& version_;
};

std::vector<Record> with_deleted(const Company& company, Kind kind) {
  std::vector<Record> out;
  for (const RecordId id : company.of(kind)) out.push_back(*company.find(id));
  return out;
}

/// The records of `object`, by the parent they belong to.
std::map<RecordId, std::vector<Record>> by_parent(const World& world, const ChildQuery& child) {
  const Object& object = child.translator->object();
  const Field* link = column_named(object, child.children->link);
  std::map<RecordId, std::vector<Record>> out;
  for (Record& record :
       object.is_stored() ? with_deleted(world.company, object.kind()) : made_up_records(world, object)) {
    const Value parent = field(record, link->canonical);
    const auto* id = std::get_if<double>(&parent);
    if (id != nullptr && !record.deleted) out[static_cast<RecordId>(*id)].push_back(std::move(record));
  }
  return out;
}

/// Puts the children into the parents' records, which stand in the order of `ids`.
void add_children(const World& world, const ChildQuery& child, const std::string& version,
                  const std::vector<RecordId>& ids, boost::json::array& parents) {
  const auto groups = by_parent(world, child);
  const Renderer renderer{world, *child.translator, version};
  for (std::size_t i = 0; i < ids.size(); ++i) {
    boost::json::array records;
    if (const auto group = groups.find(ids[i]); group != groups.end()) {
      for (const Row& row : evaluate(world.company, group->second, child.query, world.now).rows) {
        const auto source = std::find_if(group->second.begin(), group->second.end(),
                                         [&row](const Record& one) { return one.id == row.id; });
        records.emplace_back(renderer.record(row, *source));
      }
    }
    boost::json::value& place = parents[i].as_object()[child.children->name];
    if (records.empty()) continue;  // null
    const std::size_t count = records.size();
    place = {{"totalSize", count}, {"done", true}, {"records", std::move(records)}};
  }
}

Asked answer(const World& world, const SoqlQuery& soql, const std::string& text, const std::string& version,
             bool deleted_too) {
  Translator translator{world, text};
  const Query query = translator.translate(soql);
  const Object& object = translator.object();
  std::vector<Record> records;
  const bool stored = object.is_stored() && !deleted_too;
  if (!stored)
    records = object.is_stored() ? with_deleted(world.company, object.kind()) : made_up_records(world, object);
  // Real queries see a record at once; here the search lag is theirs too, so that a write test can see it.
  Rows rows =
      stored ? evaluate(world.company, query, world.now, true) : evaluate(world.company, records, query, world.now);
  Asked out;
  if (soql.select.size() == 1 && soql.select[0].function == "COUNT" && soql.select[0].path.empty() &&
      soql.group_by.empty()) {
    const auto total = rows.rows.empty() ? 0.0 : std::get<double>(rows.rows[0].values[0]);
    out.total = std::min(static_cast<std::size_t>(total), soql.limit.value_or(static_cast<std::size_t>(total)));
    return out;
  }
  if (translator.is_grouped() && rows.rows.size() > kMostGroups) rows.rows.resize(kMostGroups);
  out.total = rows.rows.size();
  std::map<RecordId, const Record*> by_id;
  for (const Record& record : records) by_id[record.id] = &record;
  const Renderer renderer{world, translator, version};
  std::vector<RecordId> ids;
  for (const Row& row : rows.rows) {
    ids.push_back(row.id);
    if (translator.is_grouped())
      out.records.emplace_back(renderer.group(row));
    else
      out.records.emplace_back(renderer.record(row, stored ? *world.company.find(row.id) : *by_id.at(row.id)));
  }
  for (const ChildQuery& child : translator.children()) add_children(world, child, version, ids, out.records);
  return out;
}

}  // namespace

Answer<Asked> ask(const World& world, const std::string& text, const std::string& version, bool deleted_too) {
  const auto soql = parse_soql(text);
  if (!soql) {
    const Refusal problem = soql.error();
    return ApiError{
        400,
        "MALFORMED_QUERY",
        fmt::format("\n{}\n{}^\nERROR at Row:1:Column:{}\n{}", text.substr(0, 500),
                    std::string(std::min<std::size_t>(problem.at, 500), ' '), problem.at + 1, problem.message),
        {}};
  }
  try {
    return answer(world, soql.value(), text, version, deleted_too);
  } catch (const ApiError& refused) {
    return refused;
  }
}

}  // namespace crmpulse::sandbox::salesforce
