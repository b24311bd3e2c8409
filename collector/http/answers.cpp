#include "collector/http/answers.h"

#include "collector/text/json_text.h"

namespace crmpulse::collector {

namespace json = boost::json;

net::HttpResponse json_answer(const json::value& body, int status) {
  return {status, {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}}, to_text(body) + "\n"};
}

net::HttpResponse text_answer(std::string body, std::string_view content_type) {
  return {200, {{"Content-Type", std::string{content_type}}, {"Cache-Control", "no-store"}}, std::move(body)};
}

net::HttpResponse error_answer(int status, std::string_view code, std::string_view message, std::string_view field) {
  json::object error{{"code", code}, {"message", message}};
  if (!field.empty()) error["field"] = field;
  return json_answer(json::object{{"error", std::move(error)}}, status);
}

net::HttpResponse busy_answer(std::string_view message, int retry_after_seconds) {
  net::HttpResponse response = error_answer(503, "busy", message);
  response.headers.emplace_back("Retry-After", std::to_string(retry_after_seconds));
  return response;
}

}  // namespace crmpulse::collector
