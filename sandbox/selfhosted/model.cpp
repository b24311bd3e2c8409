#include "sandbox/selfhosted/model.h"

#include <algorithm>
#include <boost/json.hpp>

namespace crmpulse::sandbox::selfhosted {
namespace {

ModelRow row_of(const Lookup& lookup, const Object& model, const Record& record) {
  ModelRow row;
  row.id = record.id;
  row.kind = record.kind;
  row.created = record.created;
  row.modified = record.modified;
  for (const Field& each : model.fields) {
    Value value = value_of(lookup, record, each);
    if (each.type == FieldType::boolean && is_null(value)) value = false;
    if (!is_null(value)) row.fields.emplace(each.name, std::move(value));
  }
  return row;
}

bool is_there(const Record& record, TimePoint now, bool search) {
  return !record.deleted && (!search || record.visible <= now);
}

std::optional<double> json_number(const boost::json::value& json) {
  if (json.is_number()) return json.to_number<double>();
  if (!json.is_string()) return std::nullopt;
  return number_from<double>(json.get_string());
}

std::optional<Value> time_from(const boost::json::value& json) {
  if (!json.is_string()) return std::nullopt;
  if (json.get_string().empty()) return Value{};
  const auto at = sql_time_from(json.get_string());
  return at ? std::optional<Value>{*at} : std::nullopt;
}

std::optional<Value> boolean_from(const boost::json::value& json) {
  if (json.is_bool()) return json.get_bool();
  const auto number = json_number(json);
  if (number) return *number != 0;
  if (!json.is_string()) return std::nullopt;
  return json.get_string() == "true" || json.get_string() == "on";
}

}  // namespace

std::vector<ModelRow> select(const Company& company, const Object& model, const Condition& where, TimePoint now) {
  std::vector<ModelRow> rows;
  const Lookup lookup{company, now};
  const auto consider = [&](const Record& record) {
    ModelRow row = row_of(lookup, model, record);
    if (holds(company, where, row, now)) rows.push_back(std::move(row));
  };
  if (model.made_up != nullptr) {
    for (const Record& record : model.made_up(company, now)) consider(record);
    return rows;
  }
  for (const Kind kind : model.kinds) {
    for (const RecordId id : company.of(kind)) {
      const Record* record = company.find(id);
      if (record != nullptr && is_there(*record, now, true)) consider(*record);
    }
  }
  return rows;
}

std::optional<ModelRow> read(const Company& company, const Object& model, RecordId id, TimePoint now) {
  if (model.made_up != nullptr) {
    const auto rows = model.made_up(company, now);
    const auto found = std::find_if(rows.begin(), rows.end(), [&](const Record& each) { return each.id == id; });
    return found == rows.end() ? std::nullopt : std::optional{row_of({company, now}, model, *found)};
  }
  const Record* record = company.find(id);
  if (record == nullptr || !is_there(*record, now, false)) return std::nullopt;
  if (std::find(model.kinds.begin(), model.kinds.end(), record->kind) == model.kinds.end()) return std::nullopt;
  return row_of({company, now}, model, *record);
}

void sort_rows(std::vector<ModelRow>& rows, const std::vector<std::pair<std::string, bool>>& by_and_descending,
               bool nulls_high) {
  const auto below = [&](const Value& a, const Value& b) {
    if (is_null(a) || is_null(b)) return is_null(a) != is_null(b) && is_null(a) != nulls_high;
    return a < b;
  };
  std::stable_sort(rows.begin(), rows.end(), [&](const ModelRow& a, const ModelRow& b) {
    for (const auto& [name, descending] : by_and_descending) {
      const Value left = name == "id" ? Value{static_cast<double>(a.id)} : field(a, name);
      const Value right = name == "id" ? Value{static_cast<double>(b.id)} : field(b, name);
      if (below(left, right)) return !descending;
      if (below(right, left)) return descending;
    }
    return false;
  });
}

std::optional<TimePoint> sql_time_from(std::string_view text) {
  std::string rfc{text};
  if (rfc.size() == 10) rfc += "T00:00:00Z";
  if (rfc.size() >= 19 && rfc[10] == ' ') rfc[10] = 'T';
  if (rfc.size() == 19) rfc += 'Z';
  const Result<TimePoint> at = parse_time(rfc);
  return at ? std::optional{*at} : std::nullopt;
}

std::string sql_time(TimePoint at) {
  std::string text = format_time(at).substr(0, 19);
  text[10] = ' ';
  return text;
}

std::string sql_date(TimePoint at) {
  return format_time(at).substr(0, 10);
}

std::optional<Value> value_from(FieldType type, const boost::json::value& json) {
  if (json.is_null()) return Value{};
  switch (type) {
    case FieldType::time:
    case FieldType::date: return time_from(json);
    case FieldType::boolean: return boolean_from(json);
    case FieldType::id:
    case FieldType::reference:
    case FieldType::number:
    case FieldType::integer:
    case FieldType::currency: {
      const auto number = json_number(json);
      return number ? std::optional<Value>{*number} : std::nullopt;
    }
    default: break;
  }
  if (!json.is_string()) return std::nullopt;
  return Value{std::string{json.get_string()}};
}

std::optional<Value> value_from(FieldType type, const boost::json::value& json, RecordId (*id_from)(std::string_view)) {
  if (type != FieldType::reference || !json.is_string()) return value_from(type, json);
  if (json.get_string().empty()) return Value{};
  const RecordId id = id_from(json.get_string());
  return id == 0 ? std::nullopt : std::optional<Value>{static_cast<double>(id)};
}

net::HttpResponse json_answer(int status, const boost::json::value& body, std::string_view type) {
  return {status, {{"Content-Type", std::string{type}}}, boost::json::serialize(body)};
}

}  // namespace crmpulse::sandbox::selfhosted
