#include "sandbox/salesforce/parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <iterator>
#include <stdexcept>

#include "core/text/ascii.h"

namespace crmpulse::sandbox::salesforce {

void throw_exception_from_error(const ApiError& refusal, const boost::source_location&) {
  throw std::runtime_error(refusal.code + ": " + refusal.message);
}

boost::json::object error_of(const ApiError& refusal) {
  boost::json::object out{{"message", refusal.message}, {"errorCode", refusal.code}};
  if (refusal.fields.empty()) return out;
  boost::json::array fields;
  for (const std::string& name : refusal.fields) fields.emplace_back(name);
  out["fields"] = std::move(fields);
  return out;
}

Reply reply_of(const ApiError& refusal) {
  return {refusal.status, boost::json::array{error_of(refusal)}, {}};
}

net::HttpResponse response_of(Reply reply) {
  net::HttpResponse out{reply.status, std::move(reply.headers), {}};
  if (!reply.body) return out;
  const bool typed = std::any_of(out.headers.begin(), out.headers.end(), [](const auto& header) {
    return ascii::same_without_case(header.first, "Content-Type");
  });
  // A text with a type of its own (CSV) is sent as it is.
  if (typed && reply.body->is_string()) {
    out.body = std::string{reply.body->get_string()};
    return out;
  }
  out.headers.emplace_back("Content-Type", "application/json;charset=UTF-8");
  out.body = boost::json::serialize(*reply.body);
  return out;
}

ApiError not_found() {
  return {404, "NOT_FOUND", "The requested resource does not exist", {}};
}

std::string parameter(const ApiCall& call, std::string_view name) {
  const auto found = call.query.find(name);
  return found == call.query.end() ? std::string{} : found->second;
}

bool is_gone(const World& world, const Object& object, std::string_view column) {
  return std::any_of(world.faults.begin(), world.faults.end(), [&](const FaultRule& rule) {
    if (rule.fault != "missing_field") return false;
    const std::string_view name = rule.name;
    const std::size_t dot = name.find('.');
    if (!ascii::same_without_case(name.substr(0, dot), object.name)) return false;
    return dot == std::string_view::npos || (!column.empty() && ascii::same_without_case(name.substr(dot + 1), column));
  });
}

const Object* visible_object(const World& world, std::string_view name) {
  const Object* object = object_named(name);
  return object == nullptr || is_gone(world, *object) ? nullptr : object;
}

const Field* visible_column(const World& world, const Object& object, std::string_view name) {
  const Field* column = column_named(object, name);
  return column == nullptr || is_gone(world, object, name) ? nullptr : column;
}

std::string record_url(std::string_view version, const Object& object, std::string_view id) {
  return fmt::format("/services/data/v{}/sobjects/{}/{}", version, object.name, id);
}

void Undo::add(Undo later) {
  std::move(later.created_.begin(), later.created_.end(), std::back_inserter(created_));
  std::move(later.before_.begin(), later.before_.end(), std::back_inserter(before_));
}

void Undo::take_back(Company& company) {
  for (auto record = before_.rbegin(); record != before_.rend(); ++record) company.put_back(*record);
  for (const RecordId id : created_) company.forget(id);
  before_.clear();
  created_.clear();
}

}  // namespace crmpulse::sandbox::salesforce
