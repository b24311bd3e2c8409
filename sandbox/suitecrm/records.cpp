#include "sandbox/suitecrm/records.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "core/text/ascii.h"
#include "sandbox/company/values.h"
#include "sandbox/expression/operators.h"
#include "sandbox/vendor/reply.h"

namespace crmpulse::sandbox::selfhosted {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;
using expression::Operator;

constexpr std::string_view kJsonApi = "application/vnd.api+json";

/// `filter[status][eq]` → {"filter", "status", "eq"}.
std::vector<std::string> brackets(std::string_view name) {
  std::vector<std::string> parts{std::string{name.substr(0, name.find('['))}};
  for (std::size_t open = name.find('['); open != std::string_view::npos; open = name.find('[', open + 1))
    parts.emplace_back(name.substr(open + 1, name.find(']', open) - open - 1));
  return parts;
}

constexpr std::array kOperators{Operator{"eq", Compare::equal},   Operator{"neq", Compare::not_equal},
                                Operator{"gt", Compare::greater}, Operator{"gte", Compare::greater_equal},
                                Operator{"lt", Compare::less},    Operator{"lte", Compare::less_equal}};

Refusal refusal(std::string message) {
  return {Refusal::Kind::value, {}, {}, std::move(message)};
}

/// Only the next and last, or first and previous page, without `/Api` and with nothing encoded, as SuiteCRM has it. The
/// first page is number 0 unless the request says otherwise: its `next` is then page 1, the same records again.
value links(const net::HttpRequest& request, std::size_t page, std::size_t pages) {
  const auto at = [&](std::size_t n) {
    std::string out = request.path.substr(request.path.find("/V8/"));
    char mark = '?';
    for (const auto& [name, given] : request.query) {
      if (name == "page[number]") continue;
      out += mark + name + "=" + given;
      mark = '&';
    }
    return value(out + mark + "page[number]=" + std::to_string(n));
  };
  object out{{"first", nullptr}, {"prev", nullptr}, {"next", nullptr}, {"last", nullptr}};
  if (page > 1) out["first"] = at(1), out["prev"] = at(page - 1);
  if (page + 1 <= pages) out["next"] = at(page + 1), out["last"] = at(pages);
  return out;
}

/// Lists know these options and refuse every other.
void check_options(const net::HttpRequest& request) {
  static constexpr std::array<std::string_view, 4> kOptions{"fields", "filter", "page", "sort"};
  for (const auto& [name, given] : request.query) {
    const std::string option = brackets(name).front();
    if (std::find(kOptions.begin(), kOptions.end(), option) == kOptions.end())
      throw refusal("The option \"" + option +
                    "\" does not exist. Defined options are: \"fields\", \"filter\", \"moduleName\", \"page\", "
                    "\"sort\".");
  }
}

value shown(const Field& each, const ModelRow& row) {
  const auto found = row.fields.find(each.name);
  if (found == row.fields.end()) return value("");
  const Value& stored = found->second;
  if (const auto* flag = std::get_if<bool>(&stored)) return value(*flag ? "1" : "0");
  if (const auto* text = std::get_if<std::string>(&stored)) return value(*text);
  if (const auto* at = std::get_if<TimePoint>(&stored)) {
    if (each.type == FieldType::date) return value(sql_date(*at));
    std::string iso = sql_time(*at);
    iso[10] = 'T';
    return value(iso + "+00:00");
  }
  const double n = std::get<double>(stored);
  if (each.type == FieldType::reference) return value(suitecrm_id(static_cast<RecordId>(n)));
  return value(boost::json::serialize(number_json(n)));
}

/// What the API calls a record of the module.
std::string object_name(std::string_view module) {
  if (module == "Opportunities") return "Opportunity";
  if (module == "Cases") return "aCase";
  return std::string{module.substr(0, module.size() - 1)};
}

}  // namespace

net::HttpResponse suitecrm_answer(int status, object body) {
  body.insert_or_assign("jsonapi", object{{"version", "1.0"}});
  return json_answer(status, body, kJsonApi);
}

net::HttpResponse suitecrm_failure(int status, const std::string& detail) {
  return json_answer(status, object{{"errors", object{{"status", status}, {"title", nullptr}, {"detail", detail}}}},
                     kJsonApi);
}

net::HttpResponse SuiteModule::list(const net::HttpRequest& request) const {
  check_options(request);
  auto rows = select(world_.company, model_, filter(request), world_.now);
  if (const auto sort = request.query.find("sort"); sort != request.query.end()) {
    const bool descending = sort->second.starts_with('-');
    const std::string name = sort->second.substr(descending ? 1 : 0);
    if (field(name) == nullptr)
      throw refusal("Sort field " + name + " in " + std::string{model_.name} + " module is not found");
    // What is not a column of the module's table is passed over.
    if (!suitecrm_is_shown_only(name)) sort_rows(rows, {{name, descending}}, false);
  }
  return page(request, std::move(rows));
}

net::HttpResponse SuiteModule::one(const net::HttpRequest& request, const std::string& id) const {
  const auto row = selfhosted::read(world_.company, model_, suitecrm_id_from(id), world_.now);
  if (!row) throw not_found(id);
  return suitecrm_answer(200, {{"data", resource(*row, wanted(request))}});
}

net::HttpResponse SuiteModule::create(const object& attributes) const {
  const RecordId id =
      world_.company.create(model_.kind(), canonical(attributes), world_.company.api_user(), world_.now);
  return suitecrm_answer(201,
                         {{"data", resource(*selfhosted::read(world_.company, model_, id, world_.now), everything())}});
}

net::HttpResponse SuiteModule::update(const std::string& id, const object& attributes) const {
  if (!selfhosted::read(world_.company, model_, suitecrm_id_from(id), world_.now)) throw not_found(id);
  world_.company.update(suitecrm_id_from(id), canonical(attributes), world_.company.api_user(), world_.now);
  return suitecrm_answer(
      201,
      {{"data", resource(*selfhosted::read(world_.company, model_, suitecrm_id_from(id), world_.now), everything())}});
}

net::HttpResponse SuiteModule::remove(const std::string& id) const {
  if (!selfhosted::read(world_.company, model_, suitecrm_id_from(id), world_.now)) throw not_found(id);
  world_.company.remove(suitecrm_id_from(id), world_.company.api_user(), world_.now);
  return suitecrm_answer(200, {{"meta", object{{"message", "Record with id " + id + " is deleted"}}}});
}

net::HttpResponse SuiteModule::fields_told() const {
  static constexpr std::array kTypes{"id", "varchar", "decimal", "bool", "datetime", "date", "id"};
  object attributes;
  for (const Field* each : everything()) {
    attributes[std::string{each->name}] =
        object{{"type", kTypes.at(static_cast<std::size_t>(each->type))}, {"required", each->name == "last_name"}};
  }
  return suitecrm_answer(200, {{"data", object{{"type", "fields"}, {"attributes", std::move(attributes)}}}});
}

const Field* SuiteModule::field(std::string_view name) const {
  const bool missing = world_.missing("") == std::string{model_.name} + "." + std::string{name};
  return missing ? nullptr : model_.find(name);
}

Refusal SuiteModule::not_found(const std::string& id) const {
  return refusal(std::string{model_.name} + " module with id " + id + " is not found");
}

SuiteModule::Wanted SuiteModule::everything() const {
  std::vector<const Field*> fields;
  for (const Field& each : model_.fields)
    if (field(each.name) != nullptr) fields.push_back(&each);
  return fields;
}

/// `fields[Leads]=name,status`
SuiteModule::Wanted SuiteModule::wanted(const net::HttpRequest& request) const {
  const auto given = request.query.find("fields[" + std::string{model_.name} + "]");
  if (given == request.query.end()) return everything();
  std::vector<const Field*> fields;
  for (const std::string& name : comma_list(given->second)) {
    const Field* known = field(name);
    if (known == nullptr) {
      throw refusal("The following field in " + std::string{model_.name} + " module is not found: " + name);
    }
    fields.push_back(known);
  }
  return fields;
}

Condition SuiteModule::filter(const net::HttpRequest& request) const {
  std::vector<Condition> terms;
  bool any = false;
  for (const auto& [name, given] : request.query) {
    const auto parts = brackets(name);
    if (parts.front() != "filter") continue;
    if (parts.size() == 2 && parts[1] == "operator") {
      const std::string joint = ascii::lower(given);
      if (joint != "and" && joint != "or") throw refusal("Filter operator " + given + " is invalid");
      any = joint == "or";
      continue;
    }
    if (parts.size() != 3) throw refusal("Filter field " + (parts.size() > 1 ? parts[1] : name) + " must be an array");
    terms.push_back(comparison(parts[1], parts[2], given));
  }
  // `deleted = 0` is one more term of the same list: with OR it lets every record in, as SuiteCRM does.
  terms.push_back(where("deleted", Compare::equal, Value{false}));
  return any ? any_of(std::move(terms)) : all_of(std::move(terms));
}

Condition SuiteModule::comparison(const std::string& name, const std::string& op, const std::string& given) const {
  const Field* known = field(name);
  if (known == nullptr)
    throw refusal("Filter field " + name + " in " + std::string{model_.name} + " module is not found");
  if (suitecrm_is_shown_only(name) && !(name == "account_name" && model_.name == "Leads"))
    throw refusal("Database failure. Please refer to suitecrm.log for details.");
  const auto how = expression::compare_of(kOperators, ascii::lower(op));
  if (!how) throw refusal("Filter operator " + op + " is invalid");
  if (known->type == FieldType::reference || known->type == FieldType::id) {
    const RecordId id = suitecrm_id_from(given);
    return where(name, *how, given.empty() ? Value{} : Value{static_cast<double>(id)});
  }
  // Forms store an empty text where nothing was entered; numbers and times that were not entered are NULL, which
  // no comparison finds.
  if (known->type == FieldType::text && given.empty()) return where(name, *how, Value{});
  const auto wanted_value = value_from(known->type, value(given));
  if (!wanted_value || is_null(*wanted_value)) return never();
  return where(name, *how, *wanted_value);
}

net::HttpResponse SuiteModule::page(const net::HttpRequest& request, std::vector<ModelRow> rows) const {
  const auto number = [&](const char* name, std::size_t otherwise) {
    const auto given = request.query.find(name);
    if (given == request.query.end()) return otherwise;
    const auto read = number_from<std::size_t>(given->second);
    if (!read || (*read == 0 && std::string_view{name} == "page[size]"))
      throw refusal("The option \"" + std::string{name} + "\" with value \"" + given->second + "\" is invalid.");
    return *read;
  };
  const std::size_t size = number("page[size]", 0);
  const std::size_t page = number("page[number]", 0);
  const std::size_t total = rows.size();
  if (size > 0) {
    rows.erase(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(
                                                std::min((std::max<std::size_t>(page, 1) - 1) * size, total)));
    if (rows.size() > size) rows.resize(size);
  }
  const Wanted fields = wanted(request);
  array data;
  for (const ModelRow& row : rows) data.push_back(resource(row, fields));
  object body{{"data", data}};
  if (size > 0 && !rows.empty()) {  // an empty answer has neither meta nor links
    const std::size_t pages = (total + size - 1) / size;
    body["meta"] = object{{"total-pages", pages}, {"records-on-this-page", rows.size()}};
    body["links"] = links(request, page, pages);
  }
  return suitecrm_answer(200, std::move(body));
}

object SuiteModule::resource(const ModelRow& row, const std::vector<const Field*>& fields) const {
  object attributes;
  for (const Field* each : fields)
    if (each->type != FieldType::id) attributes[std::string{each->name}] = shown(*each, row);

  return {{"type", object_name(model_.name)},
          {"id", suitecrm_id(row.id)},
          {"attributes", std::move(attributes)},
          {"relationships", object{}}};
}

Fields SuiteModule::canonical(const object& attributes) const {
  Fields fields;
  for (const auto& [name, json] : attributes) {
    const Field* known = field(name);
    if (known == nullptr)
      throw refusal("Property " + std::string{name} + " in " + std::string{model_.name} + " module is invalid");
    // Ids are kept as they come: one of no record is as good as none.
    const bool nobody =
        known->type == FieldType::reference && json.is_string() && suitecrm_id_from(json.get_string()) == 0;
    const auto parsed = nobody ? std::optional{Value{}} : value_from(known->type, json, suitecrm_id_from);
    if (!parsed) throw refusal("Property " + std::string{name} + " has a wrong value");
    const bool cleared = known->read == nullptr && *parsed == Value{""};  // forms store it where nothing was entered
    store(*known, cleared ? Value{} : *parsed, fields);
  }
  return fields;
}

}  // namespace crmpulse::sandbox::selfhosted
