// DingTalk's custom robot. Its answer is 200 whatever happened: `errcode` decides. More than 20 messages a minute lock
// a robot out for ten minutes, so what a storm brings goes out together.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "collector/notice/mention.h"
#include "collector/receivers/base/plain_http.h"
#include "collector/receivers/chat/chat.h"
#include "collector/receivers/chat/types.h"
#include "collector/text/json_text.h"
#include "net/base/crypto.h"
#include "net/base/url.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxBody = 20'000;  // bytes
constexpr Duration kLockedOut{std::chrono::minutes{10}};
constexpr Duration kLongest{std::chrono::hours{1}};
constexpr std::int64_t kBusy = -1;
constexpr std::array<std::int64_t, 2> kTooFast{130101, 410100};
// Security check, group, token, robot, message type, membership, parameters; then what content rules refuse.
constexpr std::array<std::int64_t, 7> kWrong{310000, 400013, 400101, 400102, 400105, 400106, 40035};
constexpr std::int64_t kContentFirst = 430100;
constexpr std::int64_t kContentLast = 430199;

class DingTalk final : public Receiver {
 public:
  DingTalk(Secret url, Secret secret, Mention mention, std::string keyword, Audience audience)
      : url_(std::move(url)),
        secret_(std::move(secret)),
        mention_(std::move(mention)),
        keyword_(std::move(keyword)),
        audience_(std::move(audience)) {}

  Outgoing prepare(Batch batch, TimePoint wall) const override {
    std::vector<Notice> notices = read_notices(batch, audience_);
    const bool page = worst_tone(notices) == Tone::bad;
    const auto one = [&](const Notice& notice) {
      return payload(notice.icon + " " + notice.title, all_lines(notice, audience_.language, markdown()), page);
    };
    const auto list = [&](NoticeList several) {
      for (std::string& line : several.lines) line.insert(0, "- ");
      return payload(several.title, several.lines, page);
    };
    return post(address(wall),
                laid_out(std::move(notices), {audience_.language, markdown(), kMaxBody, Count::bytes, one, list}),
                kUtf8Json);
  }

  Verdict classify(const net::ClientResponse& response, int attempts, TimePoint wall) const override {
    if (response.status != 200) {
      Verdict verdict = classify_plain_http(response, attempts, wall);
      if (response.status == 429) verdict.after = std::max(verdict.after.value_or(kLockedOut), kLockedOut);
      return verdict;
    }
    const auto answer = coded_answer(response, "errcode", "errmsg", url_);
    if (!answer) return again("HTTP 200 without an errcode");
    if (answer->code == 0) return delivered("errcode 0");
    std::string why = fmt::format("errcode {}: {}", answer->code, answer->words);
    if (answer->code == kBusy) return again(std::move(why));
    if (std::find(kTooFast.begin(), kTooFast.end(), answer->code) != kTooFast.end())
      return again(std::move(why), std::min(kLongest, kLockedOut));
    const bool wrong = std::find(kWrong.begin(), kWrong.end(), answer->code) != kWrong.end() ||
                       (answer->code >= kContentFirst && answer->code <= kContentLast);
    return wrong ? dead(std::move(why)) : again(std::move(why));
  }

  std::optional<Budget> budget() const override { return Budget{15, std::chrono::minutes{1}}; }

 private:
  /// The signature is good for an hour, so it is made when the message is sent.
  [[nodiscard]] std::string address(TimePoint wall) const {
    if (secret_.empty()) return url_.reveal();
    const std::string stamp = std::to_string(unix_millis(wall));
    const std::string sign = net::base64_encode(net::hmac_sha256(secret_.reveal(), stamp + "\n" + secret_.reveal()));
    return net::with_parameter(net::with_parameter(url_.reveal(), "timestamp", stamp), "sign", sign);
  }

  [[nodiscard]] std::string payload(const std::string& title, const std::vector<std::string>& lines, bool page) const {
    const std::string plain = markdown().escape(title);
    std::string text = fmt::format("### {}\n\n{}", plain, join(lines, "\n\n"));
    if (!keyword_.empty() && text.find(keyword_) == std::string::npos) text += "\n\n" + keyword_;
    json::object body{{"msgtype", "markdown"}};
    if (page && !mention_.empty()) {
      // A phone number is only called when it also stands in the text.
      for (const std::string& phone : mention_.phones)
        text += (&phone == &mention_.phones.front() ? "\n\n@" : " @") + phone;
      body["at"] = json::object{{"atMobiles", json::array(mention_.phones.begin(), mention_.phones.end())},
                                {"isAtAll", mention_.all}};
    }
    body["markdown"] = json::object{{"title", plain}, {"text", text}};
    return to_text(body);
  }

  Secret url_;
  Secret secret_;
  Mention mention_;
  std::string keyword_;
  Audience audience_;
};

}  // namespace

std::unique_ptr<Receiver> read_dingtalk(config::Reader& item, const ReceiverSettings& common) {
  Secret url = read_address(item);
  Secret secret;
  item.get_secret("secret", secret);
  Mention mention = read_mention(item);
  std::string keyword;
  item.get("keyword", keyword);
  if (url.empty()) return nullptr;
  return std::make_unique<DingTalk>(std::move(url), std::move(secret), std::move(mention), std::move(keyword),
                                    common.audience());
}

}  // namespace crmpulse::collector
