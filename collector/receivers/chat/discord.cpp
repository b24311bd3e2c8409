// Discord's webhook: one embed. Its limits are told in the answers; an address that is wrong is asked no more, because
// too many wrong requests get the whole sender banned.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "collector/receivers/base/plain_http.h"
#include "collector/receivers/chat/chat.h"
#include "collector/receivers/chat/types.h"
#include "collector/text/json_text.h"
#include "net/base/backoff.h"
#include "net/base/url.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxTitle = 256;  // characters
// Of an embed: description 4,096, all texts together 6,000. Counting the JSON around them too, this keeps both.
constexpr std::size_t kMaxBody = 4200;
constexpr Duration kShortest{std::chrono::seconds{1}};
constexpr Duration kLongest{std::chrono::minutes{10}};

std::string escape(std::string_view text) {
  constexpr std::string_view kSpecial = "\\*_~`|>[]<#";
  std::string out;
  for (const char c : text) {
    if (kSpecial.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

constexpr Markup kMarkup{
    escape, [](const std::string& escaped) { return "**" + escaped + "**"; },
    [](const std::string& escaped, const std::string& url) { return fmt::format("[{}]({})", escaped, url); }};

int colour(Tone tone) {
  switch (tone) {
    case Tone::good: return 0x2E7D32;
    case Tone::info: return 0x1565C0;
    case Tone::warning: return 0xEF6C00;
    case Tone::bad: return 0xC62828;
  }
  return 0xC62828;
}

std::optional<Duration> clamped(double seconds) {
  if (!std::isfinite(seconds)) return std::nullopt;
  const double most = to_seconds(kLongest);
  return std::clamp(Duration{static_cast<Duration::rep>(std::ceil(std::clamp(seconds, 0.0, most) * 1000))}, kShortest,
                    kLongest);
}

/// The header first: the body's number is in seconds by the documentation, but milliseconds were seen.
std::optional<Duration> wait_of(const net::ClientResponse& response, TimePoint wall) {
  const std::string_view header = response.header("retry-after");
  double seconds = 0;
  const auto read = std::from_chars(header.data(), header.data() + header.size(), seconds);
  if (!header.empty() && read.ec == std::errc{} && read.ptr == header.data() + header.size()) return clamped(seconds);
  if (const auto date = net::parse_retry_after(header, wall, kLongest)) return date;
  const json::object body = answer_object(response.body);
  const json::value* after = body.if_contains("retry_after");
  return after != nullptr && after->is_number() ? clamped(after->to_number<double>()) : std::nullopt;
}

class Discord final : public Receiver {
 public:
  Discord(Secret url, Audience audience) : url_(std::move(url)), audience_(std::move(audience)) {}

  Outgoing prepare(Batch batch, TimePoint /*wall*/) const override {
    const auto one = [&](const Notice& notice) { return payload(embed(notice)); };
    const auto list = [](const NoticeList& several) {
      return payload(json::object{
          {"title", several.title}, {"description", join(several.lines, "\n")}, {"color", colour(several.tone)}});
    };
    return post(
        address(),
        laid_out(read_notices(batch, audience_), {audience_.language, kMarkup, kMaxBody, Count::characters, one, list}),
        kUtf8Json);
  }

  Verdict classify(const net::ClientResponse& response, int attempts, TimePoint wall) const override {
    const int status = response.status;
    // Discord's own codes (10015: the webhook is unknown); a page of something before it has none.
    const auto answer = coded_answer(response, "code", "message", url_);
    if (answer && answer->code != 0) {
      const std::string why = fmt::format("HTTP {}: code {}: {}", status, answer->code, answer->words);
      if (status == 400) return dead(why);
      if (status == 401 || status == 403 || status == 404)
        return {Verdict::Kind::dead, {}, why + "; nothing more is sent there", true};
    }
    Verdict verdict = classify_plain_http(response, attempts, wall);
    if (verdict.kind == Verdict::Kind::retry) verdict.after = wait_of(response, wall);
    return verdict;
  }

 private:
  [[nodiscard]] json::object embed(const Notice& one) const {
    // Fields would stand below the description: what is wrong comes first, so it is part of that.
    std::vector<std::string> lines = failing_lines(one, kMarkup);
    lines.push_back(facts_line(one, kMarkup));
    for (std::string& line : advice_lines(one, audience_.language, kMarkup)) lines.push_back(std::move(line));
    if (!one.link.empty()) lines.push_back(kMarkup.link(std::string{link_words(one, audience_.language)}, one.link));
    json::object out{{"title", cut(one.icon + " " + escape(one.title), kMaxTitle, Count::characters)},
                     {"description", join(lines, "\n")},
                     {"color", colour(one.tone)},
                     {"timestamp", format_time(one.at)}};
    if (!one.link.empty()) out["url"] = one.link;
    if (!one.incident.empty())
      out["footer"] = json::object{{"text", fmt::format("{} {}", words_in(audience_.language).incident, one.incident)}};
    return out;
  }

  [[nodiscard]] static std::string payload(json::object embed) {
    return to_text(json::object{{"username", "crmpulse"},
                                {"allowed_mentions", json::object{{"parse", json::array{}}}},
                                {"embeds", json::array{std::move(embed)}}});
  }

  /// With `wait` the answer tells whether the message was posted, not only taken.
  [[nodiscard]] std::string address() const {
    const std::string& url = url_.reveal();
    if (url.find("wait=") != std::string::npos) return url;
    return net::with_parameter(url, "wait", "true");
  }

  Secret url_;
  Audience audience_;
};

}  // namespace

std::unique_ptr<Receiver> read_discord(config::Reader& item, const ReceiverSettings& common) {
  Secret url = read_address(item);
  return url.empty() ? nullptr : std::make_unique<Discord>(std::move(url), common.audience());
}

}  // namespace crmpulse::collector
