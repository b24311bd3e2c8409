#include <array>
#include <catch2/catch.hpp>

#include "sandbox/company/values.h"
#include "sandbox/schema/schema.h"

using namespace crmpulse;
using namespace crmpulse::sandbox;

namespace {

const TimePoint kNow = parse_time("2026-11-21T09:00:00Z").value();

std::optional<RecordId> parse_id(std::string_view text) {
  return text.starts_with("id-") ? std::optional<RecordId>{text.size()} : std::nullopt;
}

Value loud_name(const Lookup& /*lookup*/, const Record& record) {
  return text_field(record, "name") + "!";
}

void write_loud_name(const Value& value, Fields& fields) {
  fields["name"] = text_of(value) + "?";
}

constexpr Field kFirst[] = {read_only("id", "id", FieldType::id)};
constexpr Field kLast[] = {read_only("created", "created", FieldType::time), {"owner", "owner", FieldType::reference}};
constexpr Field kOwn[] = {{"name", "name"},
                          {"loud", "", FieldType::text, loud_name, write_loud_name},
                          {"silent", "", FieldType::text, loud_name},
                          {"amount", "amount", FieldType::currency},
                          {"created", "", FieldType::text, loud_name}};

std::vector<Object> objects() {
  return {{"deals", "deal", {Kind::opportunity}, with_audit(kFirst, kOwn, kLast)}};
}

}  // namespace

TEST_CASE("an object has its own fields between those of every object, and its own of one name wins") {
  const auto all = objects();
  std::string names;
  for (const Field& field : all.front().fields) names += std::string{field.name} + " ";
  CHECK(names == "id name loud silent amount created owner ");
  CHECK(all.front().find("created")->read != nullptr);
  CHECK(all.front().find("Created") == nullptr);
}

TEST_CASE("what is written goes where the table says, and only if it is of the field's type") {
  const auto all = objects();
  const Schema schema{all, parse_id, ""};
  const Object& deal = *schema.object("deal");
  Fields fields;
  const auto write = [&](const char* name, const char* text) {
    return schema.write(*schema.field(deal, name), text, fields);
  };
  CHECK(write("NAME", "Big"));
  CHECK(text_of(fields["name"]) == "Big");
  CHECK(write("loud", "Big"));
  CHECK(text_of(fields["name"]) == "Big?");
  CHECK(write("amount", "12.5"));
  CHECK(fields["amount"] == Value{12.5});
  CHECK(write("amount", ""));
  CHECK(is_null(fields["amount"]));
  CHECK_FALSE(write("amount", "much"));
  CHECK_FALSE(write("owner", "nobody"));
  CHECK(write("owner", "id-1"));
  CHECK(fields["owner"] == Value{4.0});
  fields.clear();
  CHECK(write("silent", "Big"));
  CHECK(write("id", "id-1"));
  CHECK(fields.empty());
}

TEST_CASE("what an administrator removed is not there, by any name and in any case") {
  const auto all = objects();
  CHECK(Schema{all, parse_id, "Deals.Amount"}.field(all.front(), "amount") == nullptr);
  CHECK(Schema{all, parse_id, "deal.amount"}.fields(all.front()).size() == 6);
  CHECK(Schema{all, parse_id, "DEAL"}.object("deals") == nullptr);
  CHECK(Schema{all, parse_id, "lead"}.object("deals") == &all.front());
}

TEST_CASE("a query filters, groups and orders by fields that the company does not store") {
  const Company company{kNow};
  const auto all = objects();
  const Object& deals = all.front();
  Query query;
  query.where = where(*deals.find("loud"), Compare::like, {Value{"%!"}});
  query.outputs.push_back({query_name(*deals.find("loud")), Aggregate::none, "", "loud"});
  query.limit = 1;
  const Rows rows = answer_query(Lookup{company, kNow}, deals, query);
  CHECK(rows.total == company.of(Kind::opportunity).size());
  CHECK(text_of(rows.rows.at(0).values.at(0)).ends_with('!'));
}

TEST_CASE("a written value is as long as its field allows, one of its options, and refers to a record of its kind") {
  static constexpr std::string_view kOptions[] = {"1", "two"};
  const Company company{kNow};
  const Lookup lookup{company, kNow};
  const Field text = at_most(3, {"text", "name"});
  CHECK(mismatch_of(lookup, text, Value{"abc"}) == Mismatch::none);
  CHECK(mismatch_of(lookup, text, Value{"数据库"}) == Mismatch::none);  // characters, not bytes
  CHECK(mismatch_of(lookup, text, Value{"abcd"}) == Mismatch::length);
  CHECK(mismatch_of(lookup, text, Value{}) == Mismatch::none);
  const Field choice = one_of(kOptions, {"choice", "stage", FieldType::number});
  CHECK(mismatch_of(lookup, choice, Value{1.0}) == Mismatch::none);
  CHECK(mismatch_of(lookup, choice, Value{"two"}) == Mismatch::none);
  CHECK(mismatch_of(lookup, choice, Value{2.0}) == Mismatch::option);
  const Field owner{"owner", "owner", FieldType::reference};
  const auto id_of = [&](Kind kind) { return Value{static_cast<double>(company.of(kind).front())}; };
  CHECK(mismatch_of(lookup, owner, id_of(Kind::user)) == Mismatch::none);
  CHECK(mismatch_of(lookup, owner, id_of(Kind::account)) == Mismatch::reference);
  CHECK(mismatch_of(lookup, owner, Value{1e9}) == Mismatch::reference);
}
