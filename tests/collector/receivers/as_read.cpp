#include "tests/collector/receivers/as_read.h"

#include <boost/json.hpp>
#include <regex>
#include <vector>

namespace crmpulse::test {
namespace {

namespace json = boost::json;
using Lines = std::vector<std::string>;

std::string replaced(std::string text, const char* pattern, const char* with) {
  return std::regex_replace(text, std::regex{pattern}, with);
}

std::string from_markdown(std::string text) {
  text = replaced(std::move(text), R"(\[([^\]]*)\]\(([^)]*)\))", "$1 <$2>");
  text = replaced(std::move(text), R"(</?font[^>]*>)", "");
  text = replaced(std::move(text), R"((^|\n)(### |>))", "$1");
  text = replaced(std::move(text), R"(\\([^\n]))", "$1");
  text = replaced(std::move(text), R"(\n\n)", "\n");
  return replaced(std::move(text), R"(\*\*)", "");
}

std::string from_mrkdwn(std::string text) {
  text = replaced(std::move(text), R"(<(http[^|>]*)\|([^>]*)>)", "$2 <$1>");
  text = replaced(std::move(text), R"((^|\n)\*([^*]*)\*)", "$1$2");
  text = replaced(std::move(text), "&lt;", "<");
  text = replaced(std::move(text), "&gt;", ">");
  return replaced(std::move(text), "&amp;", "&");
}

std::string text_at(const json::value& value, std::string_view key) {
  return std::string{value.at(key).as_string()};
}

/// A field's name and value stand below each other.
std::string field(std::string text) {
  return replaced(std::move(text), R"(\n)", ": ");
}

Lines slack(const json::value& body) {
  Lines lines;
  for (const json::value& block : body.at("blocks").as_array()) {
    const json::object& object = block.as_object();
    if (object.contains("text")) lines.push_back(from_mrkdwn(text_at(object.at("text"), "text")));
    for (const char* many : {"fields", "elements"}) {
      if (!object.contains(many)) continue;
      for (const json::value& one : object.at(many).as_array())
        lines.push_back(field(from_mrkdwn(text_at(one, "text"))));
    }
  }
  return lines;
}

Lines teams(const json::value& body) {
  Lines lines;
  const json::object& card = body.at("attachments").at(0).at("content").as_object();
  for (const json::value& block : card.at("body").as_array()) {
    if (block.at("type") == "TextBlock") lines.push_back(from_markdown(text_at(block, "text")));
    if (block.at("type") != "FactSet") continue;
    for (const json::value& fact : block.at("facts").as_array())
      lines.push_back(text_at(fact, "title") + ": " + text_at(fact, "value"));
  }
  if (card.contains("actions")) {
    for (const json::value& action : card.at("actions").as_array())
      lines.push_back("[" + text_at(action, "title") + "] <" + text_at(action, "url") + ">");
  }
  return lines;
}

Lines feishu(const json::value& body) {
  const json::value& card = body.at("card");
  Lines lines{text_at(card.at("header").at("title"), "content")};
  for (const json::value& element : card.at("elements").as_array()) {
    const json::object& object = element.as_object();
    if (object.contains("text")) lines.push_back(from_markdown(text_at(object.at("text"), "content")));
    if (object.contains("fields")) {
      for (const json::value& one : object.at("fields").as_array())
        lines.push_back(field(from_markdown(text_at(one.at("text"), "content"))));
    }
    if (object.contains("elements")) lines.push_back(text_at(object.at("elements").at(0), "content"));
    if (object.contains("actions")) {
      const json::value& button = object.at("actions").at(0);
      lines.push_back("[" + text_at(button.at("text"), "content") + "] <" + text_at(button, "url") + ">");
    }
  }
  return lines;
}

Lines discord(const json::value& body) {
  const json::object& embed = body.at("embeds").at(0).as_object();
  Lines lines{from_markdown(text_at(embed, "title")), from_markdown(text_at(embed, "description"))};
  if (embed.contains("footer")) lines.push_back(text_at(embed.at("footer"), "text"));
  return lines;
}

}  // namespace

std::string as_read(std::string_view type, const net::ClientRequest& request) {
  const json::value body = json::parse(request.body);
  Lines lines;
  if (type == "slack") lines = slack(body);
  if (type == "teams") lines = teams(body);
  if (type == "feishu") lines = feishu(body);
  if (type == "discord") lines = discord(body);
  if (type == "dingtalk") lines = {from_markdown(text_at(body.at("markdown"), "text"))};
  if (type == "wecom") lines = {from_markdown(text_at(body.at("markdown"), "content"))};
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

}  // namespace crmpulse::test
