// WeCom's group robot (企业微信). The key in the address is the secret; nothing is signed. Limits count bytes, not
// characters; markdown can call nobody by phone, so a page that shall call somebody goes as text.

#include <fmt/format.h>

#include "collector/notice/mention.h"
#include "collector/receivers/base/plain_http.h"
#include "collector/receivers/chat/chat.h"
#include "collector/receivers/chat/types.h"
#include "collector/text/json_text.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxMarkdown = 4096;  // bytes
constexpr std::size_t kMaxText = 2048;      // bytes
constexpr Duration kRateWindow{std::chrono::minutes{1}};
constexpr std::int64_t kBusy = -1;
constexpr std::int64_t kTooFast = 45009;

/// There are three: green, grey and orange.
std::string_view colour(Tone tone) {
  switch (tone) {
    case Tone::good: return "info";
    case Tone::info: return "comment";
    case Tone::warning:
    case Tone::bad: return "warning";
  }
  return "warning";
}

class WeCom final : public Receiver {
 public:
  WeCom(Secret url, Mention mention, Audience audience)
      : url_(std::move(url)), mention_(std::move(mention)), audience_(std::move(audience)) {}

  Outgoing prepare(Batch batch, TimePoint /*wall*/) const override {
    std::vector<Notice> notices = read_notices(batch, audience_);
    const Tone tone = worst_tone(notices);
    const bool text = tone == Tone::bad && !mention_.empty();
    const std::size_t most = text ? kMaxText : kMaxMarkdown;
    const Markup& markup = text ? plain_text() : markdown();
    const auto one = [&](const Notice& notice) {
      std::vector<std::string> lines{heading(notice.icon + " " + notice.title, tone, text)};
      const std::size_t failing = notice.failing.size();
      for (std::string& line : all_lines(notice, audience_.language, markup))
        lines.push_back((!text && lines.size() <= failing ? ">" : "") + std::move(line));
      return join(lines, "\n");
    };
    const auto list = [&](const NoticeList& several) {
      return heading(several.title, tone, text) + "\n" + join(several.lines, "\n");
    };
    const std::string content =
        laid_out(std::move(notices), {audience_.language, markup, most, Count::bytes, one, list});
    return post(url_.reveal(), payload(cut(content, most, Count::bytes), text), kUtf8Json);
  }

  Verdict classify(const net::ClientResponse& response, int attempts, TimePoint wall) const override {
    if (response.status != 200) return classify_plain_http(response, attempts, wall);
    const auto answer = coded_answer(response, "errcode", "errmsg", url_);
    if (!answer) return again("HTTP 200 without an errcode");
    if (answer->code == 0) return delivered("errcode 0");
    std::string why = fmt::format("errcode {}: {}", answer->code, answer->words);
    if (answer->code == kTooFast) return again(std::move(why), kRateWindow);
    return answer->code == kBusy ? again(std::move(why)) : dead(std::move(why));
  }

  std::optional<Budget> budget() const override { return Budget{15, std::chrono::minutes{1}}; }

 private:
  [[nodiscard]] static std::string heading(const std::string& title, Tone tone, bool text) {
    if (text) return title;
    return fmt::format("<font color=\"{}\">{}</font>", colour(tone), markdown().escape(title));
  }

  [[nodiscard]] std::string payload(const std::string& content, bool text) const {
    if (!text) return to_text(json::object{{"msgtype", "markdown"}, {"markdown", json::object{{"content", content}}}});
    json::array phones(mention_.phones.begin(), mention_.phones.end());
    if (mention_.all) phones.emplace_back("@all");
    return to_text(json::object{{"msgtype", "text"},
                                {"text", json::object{{"content", content}, {"mentioned_mobile_list", phones}}}});
  }

  Secret url_;
  Mention mention_;
  Audience audience_;
};

}  // namespace

std::unique_ptr<Receiver> read_wecom(config::Reader& item, const ReceiverSettings& common) {
  Secret url = read_address(item);
  Mention mention = read_mention(item);
  if (url.empty()) return nullptr;
  return std::make_unique<WeCom>(std::move(url), std::move(mention), common.audience());
}

}  // namespace crmpulse::collector
