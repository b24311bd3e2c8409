#include "tests/collector/receivers/vendors.h"
#include "net/base/crypto.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <memory>

#include "collector/receivers/chat/chat.h"

namespace crmpulse::test {
namespace {

namespace json = boost::json;
using collector::Count;

net::HttpResponse coded(std::string_view code, std::string_view words, int number, std::string_view text) {
  return {
      200, {{"Content-Type", "application/json"}}, fmt::format(R"({{"{}":{},"{}":"{}"}})", code, number, words, text)};
}

net::HttpResponse errcode(int number, std::string_view text) {
  return coded("errcode", "errmsg", number, text);
}

std::string query_of(const net::HttpRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.query) {
    if (key == name) return value;
  }
  return "";
}

/// A key of a key of …; null without one.
const json::value* at(const json::value& value, std::initializer_list<std::string_view> path) {
  const json::value* found = &value;
  for (const std::string_view key : path) {
    const json::object* object = found->if_object();
    found = object == nullptr ? nullptr : object->if_contains(key);
    if (found == nullptr) return nullptr;
  }
  return found;
}

std::string text_of(const json::value& value, std::initializer_list<std::string_view> path) {
  const json::value* found = at(value, path);
  return found != nullptr && found->is_string() ? std::string{found->get_string()} : std::string{};
}

json::value body_of(const net::HttpRequest& request) {
  boost::system::error_code failed;
  json::value body = json::parse(request.body, failed);
  return failed ? json::value(nullptr) : body;
}

TimePoint now_of(const VendorClock& clock) {
  return clock ? clock() : std::chrono::floor<Duration>(std::chrono::system_clock::now());
}

bool within_an_hour(std::int64_t seconds, TimePoint now) {
  return std::abs(unix_millis(now) / 1000 - seconds) < 3600;
}

/// Too many in a minute and the sender is locked out.
class Gate {
 public:
  bool lets_through(TimePoint now) {
    if (now < locked_until_) return false;
    while (!taken_.empty() && now - taken_.front() >= std::chrono::minutes{1}) taken_.pop_front();
    taken_.push_back(now);
    if (taken_.size() <= static_cast<std::size_t>(kDingTalkPerMinute)) return true;
    locked_until_ = now + std::chrono::minutes{10};
    return false;
  }

 private:
  std::deque<TimePoint> taken_;
  TimePoint locked_until_{};
};

bool blocks_fit(const json::array& blocks) {
  if (blocks.empty() || blocks.size() > 50) return false;
  for (const json::value& block : blocks) {
    const bool header = text_of(block, {"type"}) == "header";
    if (collector::length(text_of(block, {"text", "text"}), Count::characters) > (header ? 150U : 3000U)) return false;
    const json::value* fields = at(block, {"fields"});
    if (fields != nullptr && fields->as_array().size() > 10) return false;
  }
  return true;
}

}  // namespace

Sink::Behaviour slack_workspace() {
  return [](const net::HttpRequest& request) -> net::HttpResponse {
    const json::value body = body_of(request);
    if (text_of(body, {"text"}).empty()) return {400, {}, "invalid_payload"};
    const json::value* blocks = at(body, {"blocks"});
    if (blocks == nullptr || !blocks->is_array() || !blocks_fit(blocks->get_array()))
      return {400, {}, "invalid_blocks"};
    if (request.body.size() > 40'000) return {400, {}, "msg_blocks_too_long"};
    return {200, {}, "ok"};
  };
}

Sink::Behaviour teams_workflow() {
  return [](const net::HttpRequest& request) -> net::HttpResponse {
    const json::value body = body_of(request);
    if (text_of(body, {"type"}) != "message" || request.body.size() > 28'000) return {400, {}, ""};
    const json::value& card = body.at("attachments").at(0).at("content");
    const bool good = text_of(card, {"type"}) == "AdaptiveCard" && text_of(card, {"version"}) == "1.4";
    return {good ? 202 : 400, {}, ""};
  };
}

Sink::Behaviour dingtalk_robot(VendorClock clock) {
  const auto gate = std::make_shared<Gate>();
  return [gate, clock = std::move(clock)](const net::HttpRequest& request) -> net::HttpResponse {
    const std::string stamp = query_of(request, "timestamp");
    const std::string sign =
        net::base64_encode(net::hmac_sha256(kChatSecret, fmt::format("{}\n{}", stamp, kChatSecret)));
    if (stamp.size() != 13 || !within_an_hour(std::atoll(stamp.c_str()) / 1000, now_of(clock)))
      return errcode(310000, "invalid timestamp");
    if (query_of(request, "sign") != sign) return errcode(310000, "sign not match");
    const json::value body = body_of(request);
    if (text_of(body, {"msgtype"}) != "markdown" || text_of(body, {"markdown", "title"}).empty() ||
        text_of(body, {"markdown", "text"}).empty() || request.body.size() > 20'000)
      return errcode(40035, "invalid parameters");
    if (!gate->lets_through(now_of(clock))) return errcode(130101, "send too fast");
    return errcode(0, "ok");
  };
}

Sink::Behaviour wecom_robot() {
  return [](const net::HttpRequest& request) -> net::HttpResponse {
    const json::value body = body_of(request);
    const std::string type = text_of(body, {"msgtype"});
    const std::string content = text_of(body, {type, "content"});
    if (content.empty() || (type != "text" && type != "markdown")) return errcode(40008, "invalid message type");
    if (content.size() > (type == "text" ? 2048U : 4096U)) return errcode(40058, "content exceed max length");
    return errcode(0, "ok");
  };
}

Sink::Behaviour feishu_bot(VendorClock clock) {
  return [clock = std::move(clock)](const net::HttpRequest& request) -> net::HttpResponse {
    const json::value body = body_of(request);
    const std::string stamp = text_of(body, {"timestamp"});
    const std::string sign = net::base64_encode(net::hmac_sha256(fmt::format("{}\n{}", stamp, kChatSecret), ""));
    if (stamp.size() != 10 || !within_an_hour(std::atoll(stamp.c_str()), now_of(clock)) ||
        text_of(body, {"sign"}) != sign)
      return coded("code", "msg", 19021, "sign match fail or timestamp is not within one hour from current time");
    if (text_of(body, {"card", "header", "title", "content"}).empty() || request.body.size() > 20'000)
      return coded("code", "msg", 9499, "Bad Request");
    return coded("code", "msg", 0, "success");
  };
}

Sink::Behaviour discord_channel() {
  return [](const net::HttpRequest& request) -> net::HttpResponse {
    const json::value body = body_of(request);
    const json::value* embeds = at(body, {"embeds"});
    if (embeds == nullptr || !embeds->is_array() || embeds->get_array().empty()) return {400, {}, R"({"code":50006})"};
    const json::value& embed = embeds->get_array().front();
    const std::size_t title = collector::length(text_of(embed, {"title"}), Count::characters);
    const std::size_t description = collector::length(text_of(embed, {"description"}), Count::characters);
    if (title > 256 || description > 4096) return {400, {}, R"({"code":50035})"};
    if (query_of(request, "wait") != "true") return {204, {}, ""};
    return {200, {}, R"({"id":"1"})"};
  };
}

Sink::Behaviour vendor_of(const std::string& type) {
  if (type == "slack") return slack_workspace();
  if (type == "teams") return teams_workflow();
  if (type == "dingtalk") return dingtalk_robot();
  if (type == "wecom") return wecom_robot();
  if (type == "feishu") return feishu_bot();
  if (type == "discord") return discord_channel();
  return {};
}

}  // namespace crmpulse::test
