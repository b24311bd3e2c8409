// /composite (sub-requests that may refer to each other, one call) and /composite/batch (independent ones, each
// counted).

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "sandbox/salesforce/api.h"

namespace crmpulse::sandbox::salesforce {
namespace {

using Answered = std::map<std::string, boost::json::value>;

constexpr std::size_t kMostParts = 25;
constexpr std::size_t kMostQueries = 5;

/// `@{c.id}`, `@{q.records[0].Id}` put in. Error: what the reference does not lead to.
Result<std::string> with_references(std::string_view text, const Answered& answered) {
  std::string out;
  for (std::size_t begin = text.find("@{"); begin != std::string_view::npos; begin = text.find("@{")) {
    const std::size_t end = text.find('}', begin);
    if (end == std::string_view::npos) break;
    const std::string reference{text.substr(begin + 2, end - begin - 2)};
    const std::size_t dot = std::min(reference.find('.'), reference.size());
    std::string pointer;  // a.b[0].c as /a/b/0/c
    for (const char c : reference.substr(dot)) {
      if (c == '.' || c == '[') pointer.push_back('/');
      if (c != '.' && c != '[' && c != ']') pointer.push_back(c);
    }
    const auto source = answered.find(reference.substr(0, dot));
    boost::json::error_code error;
    const auto* value = source == answered.end() ? nullptr : source->second.find_pointer(pointer, error);
    const auto replacement = value == nullptr ? std::nullopt : scalar_text(*value);
    if (!replacement)
      return Error{
          fmt::format("Invalid reference specified. No value for {} found in {}", reference, reference.substr(0, dot))};
    out += text.substr(0, begin);
    out += *replacement;
    text.remove_prefix(end + 1);
  }
  out += text;
  return out;
}

Result<boost::json::value> with_references(const boost::json::value& value, const Answered& answered) {
  if (value.is_string()) {
    auto text = with_references(std::string_view{value.get_string()}, answered);
    if (!text) return text.error();
    return boost::json::value(text.value());
  }
  if (const auto* list = value.if_array()) {
    boost::json::array out;
    for (const auto& item : *list) {
      auto made = with_references(item, answered);
      if (!made) return made.error();
      out.push_back(std::move(made.value()));
    }
    return boost::json::value(std::move(out));
  }
  if (const auto* object = value.if_object()) {
    boost::json::object out;
    for (const auto& item : *object) {
      auto made = with_references(item.value(), answered);
      if (!made) return made.error();
      out[item.key()] = std::move(made.value());
    }
    return boost::json::value(std::move(out));
  }
  return value;
}

boost::json::object told(const Reply& reply, const std::string& reference) {
  boost::json::object headers;
  for (const auto& [name, value] : reply.headers) headers[name] = value;
  return {{"body", reply.body ? *reply.body : boost::json::value{}},
          {"httpHeaders", std::move(headers)},
          {"httpStatusCode", reply.status},
          {"referenceId", reference}};
}

const boost::json::array* parts_named(const ApiCall& call, std::string_view name) {
  const auto* list = member(call.body, name);
  return list == nullptr ? nullptr : list->if_array();
}

std::optional<ApiError> problem_of_parts(const boost::json::array* parts, std::string_view name) {
  if (parts == nullptr)
    return ApiError{400, "JSON_PARSER_ERROR", fmt::format("{} is a list of sub-requests", name), {}};
  if (parts->empty() || parts->size() > kMostParts)
    return ApiError{400,
                    "LIMIT_EXCEEDED",
                    fmt::format("The request has {} sub-requests. It takes 1 to {}.", parts->size(), kMostParts),
                    {}};
  return std::nullopt;
}

bool is_query(const boost::json::value& part) {
  const std::string url = text_member(part, "url");
  return url.find("/query") != std::string::npos || url.find("/composite/sobjects") != std::string::npos;
}

/// The last of `responses` failed: all others were rolled back, or not made.
void tell_rolled_back(const boost::json::array& parts, boost::json::array& responses) {
  const std::size_t failed = responses.size() - 1;
  const Reply halted =
      reply_of({400,
                "PROCESSING_HALTED",
                "The transaction was rolled back since another operation in the same transaction failed.",
                {}});
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i == failed) continue;
    auto taken_back = told(halted, text_member(parts[i], "referenceId"));
    if (i < failed)
      responses[i] = std::move(taken_back);
    else
      responses.emplace_back(std::move(taken_back));
  }
}

}  // namespace

Reply Api::part(World& world, const ApiCall& whole, const boost::json::value& given, const Answered& answered,
                Undo& undo) {
  const auto url = with_references(text_member(given, "url"), answered);
  const auto* content = member(given, "body");
  const auto body = with_references(content == nullptr ? boost::json::value{} : *content, answered);
  if (!url || !body) return reply_of({400, "PROCESSING_HALTED", url ? body.error().message : url.error().message, {}});
  auto call = call_of(url.value(), text_member(given, "method"));
  if (!call || call->path.starts_with("/composite/batch") || call->path == "/composite")
    return reply_of({400,
                     "INVALID_INPUT",
                     "the url of a sub-request must begin with /services/data/vXX.X/ and must not be a composite call",
                     {}});
  call->body = body.value();
  call->allow_duplicates = whole.allow_duplicates;
  return serve(world, *call, undo);
}

Reply Api::composite(World& world, const ApiCall& call) {
  const auto* parts = parts_named(call, "compositeRequest");
  if (auto problem = problem_of_parts(parts, "compositeRequest")) return reply_of(*problem);
  if (static_cast<std::size_t>(std::count_if(parts->begin(), parts->end(), is_query)) > kMostQueries)
    return reply_of(
        {400,
         "LIMIT_EXCEEDED",
         fmt::format("Cannot have more than {} query or collection operations in one composite request.", kMostQueries),
         {}});
  const auto* flag = member(call.body, "allOrNone");
  const bool all_or_none = flag != nullptr && flag->is_bool() && flag->get_bool();
  Answered answered;
  Undo undo;
  boost::json::array responses;
  bool halted = false;
  for (const auto& given : *parts) {
    const std::string reference = text_member(given, "referenceId");
    if (reference.empty() || answered.count(reference) > 0)
      return reply_of({400, "INVALID_INPUT", "each sub-request has a referenceId of its own", {}});
    const Reply reply = part(world, call, given, answered, undo);
    const bool good = reply.status < 400;
    answered[reference] = good && reply.body ? *reply.body : boost::json::value{};
    responses.emplace_back(told(reply, reference));
    halted = all_or_none && !good;
    if (halted) break;
  }
  if (halted) {
    undo.take_back(world.company);
    tell_rolled_back(*parts, responses);
  }
  return {200, boost::json::object{{"compositeResponse", std::move(responses)}}, {}};
}

Reply Api::batch(World& world, const ApiCall& call, std::uint64_t& cost) {
  const auto* parts = parts_named(call, "batchRequests");
  if (auto problem = problem_of_parts(parts, "batchRequests")) return reply_of(*problem);
  const auto* flag = member(call.body, "haltOnError");
  const bool halt = flag != nullptr && flag->is_bool() && flag->get_bool();
  bool failed = false;
  boost::json::array results;
  cost += parts->size() - 1;
  for (const auto& part : *parts) {
    std::string url = text_member(part, "url");  // v60.0/sobjects/Lead
    if (!url.starts_with("/services/data/")) url = "/services/data/" + url.substr(url.starts_with('/') ? 1 : 0);
    auto sub = call_of(url, text_member(part, "method"));
    Reply reply = reply_of(not_found());
    if (failed && halt) {
      reply = reply_of({412, "PROCESSING_HALTED", "Batch processing halted per request because of an error.", {}});
    } else if (sub) {
      if (const auto* input = member(part, "richInput")) sub->body = *input;
      sub->allow_duplicates = call.allow_duplicates;
      Undo undo;
      reply = serve(world, *sub, undo);
    }
    failed = failed || reply.status >= 400;
    results.push_back({{"statusCode", reply.status}, {"result", reply.body ? *reply.body : boost::json::value{}}});
  }
  return {200, boost::json::object{{"hasErrors", failed}, {"results", std::move(results)}}, {}};
}

}  // namespace crmpulse::sandbox::salesforce
