#include "collector/api/body.h"

#include "collector/http/answers.h"
#include "collector/text/json_repeats.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxBody = 64UL * 1024;

}  // namespace

boost::system::result<json::object, net::HttpResponse> read_body(const net::HttpRequest& request) {
  const std::string_view type = request.header("content-type");
  if (type.substr(0, type.find(';')) != "application/json")
    return error_answer(415, "media_type", "the body must be application/json");
  if (request.body.size() > kMaxBody) return error_answer(413, "too_large", "the body is larger than 64 KiB");
  boost::system::error_code error;
  json::value body = json::parse(request.body, error);
  if (error || !body.is_object()) return error_answer(400, "json", "the body must be a JSON object");
  if (const auto twice = repeated_member(request.body))
    return error_answer(400, "json", "a field is given more than once", *twice);
  return std::move(body.get_object());
}

net::HttpResponse wrong_field(const FieldError& error) {
  return error_answer(400, "invalid", error.message, error.field);
}

Checked<std::vector<std::string>> read_crms(const json::object& body) {
  std::vector<std::string> crms;
  const json::value* const member = body.if_contains("crms");
  if (member == nullptr || member->is_null()) return crms;
  const FieldError wrong{"crms", "must be a list of names of CRMs"};
  if (!member->is_array()) return wrong;
  for (const json::value& crm : member->get_array()) {
    if (!crm.is_string()) return wrong;
    crms.emplace_back(crm.get_string());
  }
  return crms;
}

Checked<std::string> read_author(const json::object& body, const std::string& who) {
  auto author = text_member(body, "author");
  if (!author) return author.error();
  if (author->empty()) *author = who;
  if (auto wrong = check_text("author", *author, kMaxAuthor, true)) return *wrong;
  return author;
}

}  // namespace crmpulse::collector
