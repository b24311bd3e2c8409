// Feishu's (Lark's) custom bot: an interactive card. Signed with the key "timestamp\nsecret" over an empty message, in
// seconds and in the body: not as DingTalk does. `code` of the answer decides.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "collector/receivers/base/plain_http.h"
#include "collector/receivers/chat/chat.h"
#include "collector/receivers/chat/types.h"
#include "collector/text/json_text.h"
#include "net/base/crypto.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxBody = 20'000;  // bytes
constexpr std::int64_t kTooFast = 11232;
constexpr Duration kPastTheRush{std::chrono::seconds{90}};  // the vendor's own limit is hit around full and half hours
constexpr std::array<std::int64_t, 3> kWrong{19021, 19022, 19024};  // signature or time, address, keyword

std::string_view colour(Tone tone) {
  switch (tone) {
    case Tone::good: return "green";
    case Tone::info: return "blue";
    case Tone::warning: return "orange";
    case Tone::bad: return "red";
  }
  return "red";
}

json::object text_of(std::string_view tag, std::string_view content) {
  return {{"tag", tag}, {"content", content}};
}

json::object paragraph(const std::string& markdown_text) {
  return {{"tag", "div"}, {"text", text_of("lark_md", markdown_text)}};
}

class Feishu final : public Receiver {
 public:
  Feishu(Secret url, Secret secret, std::string keyword, Audience audience)
      : url_(std::move(url)),
        secret_(std::move(secret)),
        keyword_(std::move(keyword)),
        audience_(std::move(audience)) {}

  Outgoing prepare(Batch batch, TimePoint wall) const override {
    const auto one = [&](const Notice& notice) {
      return payload(notice.icon + " " + notice.title, notice.tone, elements(notice), wall);
    };
    const auto list = [&](const NoticeList& several) {
      return payload(several.title, several.tone, {paragraph(join(several.lines, "\n"))}, wall);
    };
    return post(
        url_.reveal(),
        laid_out(read_notices(batch, audience_), {audience_.language, markdown(), kMaxBody, Count::bytes, one, list}),
        kUtf8Json);
  }

  Verdict classify(const net::ClientResponse& response, int attempts, TimePoint wall) const override {
    auto answer = coded_answer(response, "code", "msg", url_);
    if (!answer) answer = coded_answer(response, "StatusCode", "StatusMessage", url_);
    if (response.status == 429 || !answer || response.status >= 500 || response.status == 0) {
      if (response.status == 200) return again("HTTP 200 without a code");
      return classify_plain_http(response, attempts, wall);
    }
    if (answer->code == 0 && response.status == 200) return delivered("code 0");
    std::string why = fmt::format("code {}: {}", answer->code, answer->words);
    if (answer->code == kTooFast) return again(std::move(why), kPastTheRush);
    if (std::find(kWrong.begin(), kWrong.end(), answer->code) != kWrong.end()) return dead(std::move(why));
    return again(std::move(why));
  }

  /// 5 a second and 100 a minute are allowed: this keeps below both.
  std::optional<Budget> budget() const override { return Budget{4, Duration{2700}}; }

 private:
  [[nodiscard]] json::array elements(const Notice& one) const {
    json::array out;
    json::array fields;
    for (const Fact& fact : one.failing) {
      const std::string text = fmt::format("**{}**\n{}", markdown().escape(fact.name), markdown().escape(fact.value));
      fields.push_back(json::object{{"is_short", true}, {"text", text_of("lark_md", text)}});
    }
    if (!fields.empty()) out.push_back(json::object{{"tag", "div"}, {"fields", fields}});
    if (const std::string facts = facts_line(one, markdown()); !facts.empty()) out.push_back(paragraph(facts));
    for (const std::string& line : advice_lines(one, audience_.language, markdown())) out.push_back(paragraph(line));
    if (!one.link.empty()) {
      const json::object button{{"tag", "button"},
                                {"text", text_of("plain_text", link_words(one, audience_.language))},
                                {"type", "primary"},
                                {"url", one.link}};
      out.push_back(json::object{{"tag", "action"}, {"actions", json::array{button}}});
    }
    if (!one.incident.empty()) {
      const std::string id = fmt::format("{} {}", words_in(audience_.language).incident, one.incident);
      out.push_back(json::object{{"tag", "note"}, {"elements", json::array{text_of("plain_text", id)}}});
    }
    return out;
  }

  [[nodiscard]] std::string payload(const std::string& title, Tone tone, json::array elements, TimePoint wall) const {
    if (!keyword_.empty()) {
      elements.push_back(json::object{{"tag", "note"}, {"elements", json::array{text_of("plain_text", keyword_)}}});
    }
    json::object body;
    if (!secret_.empty()) {
      const std::string stamp = std::to_string(unix_millis(wall) / 1000);
      body["timestamp"] = stamp;
      body["sign"] = net::base64_encode(net::hmac_sha256(stamp + "\n" + secret_.reveal(), ""));
    }
    body["msg_type"] = "interactive";
    body["card"] =
        json::object{{"config", json::object{{"wide_screen_mode", true}}},
                     {"header", json::object{{"template", colour(tone)}, {"title", text_of("plain_text", title)}}},
                     {"elements", std::move(elements)}};
    return to_text(body);
  }

  Secret url_;
  Secret secret_;
  std::string keyword_;
  Audience audience_;
};

}  // namespace

std::unique_ptr<Receiver> read_feishu(config::Reader& item, const ReceiverSettings& common) {
  Secret url = read_address(item);
  Secret secret;
  item.get_secret("secret", secret);
  std::string keyword;
  item.get("keyword", keyword);
  if (url.empty()) return nullptr;
  return std::make_unique<Feishu>(std::move(url), std::move(secret), std::move(keyword), common.audience());
}

}  // namespace crmpulse::collector
