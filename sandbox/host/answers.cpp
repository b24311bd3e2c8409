#include "sandbox/host/answers.h"

#include <utility>

namespace crmpulse::sandbox {

net::HttpResponse json_answer_of(int status, const boost::json::value& value) {
  return {status, {{"Content-Type", "application/json"}}, boost::json::serialize(value) + "\n"};
}

net::HttpResponse problem(int status, std::string_view code, std::string_view message, std::string_view field) {
  boost::json::object error{{"code", code}, {"message", message}};
  if (!field.empty()) error["field"] = field;
  return json_answer_of(status, {{"error", std::move(error)}});
}

}  // namespace crmpulse::sandbox
