// Slack's incoming webhook: blocks, with a text for the notification. Delivered is 200 with the body `ok`.

#include <fmt/format.h>

#include <algorithm>

#include "collector/receivers/base/plain_http.h"
#include "collector/receivers/chat/chat.h"
#include "collector/receivers/chat/types.h"
#include "collector/text/json_text.h"
#include "core/failure/failure.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxBody = 13'000;  // the sum over all blocks is refused from about 13.2 k characters on
constexpr std::size_t kMaxHeader = 150;   // characters
constexpr std::size_t kMaxSection = 3000;
constexpr std::size_t kMaxFields = 10;
constexpr std::size_t kMaxWord = 40;

std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      default: out += c;
    }
  }
  return out;
}

constexpr Markup kMarkup{
    escape, [](const std::string& escaped) { return "*" + escaped + "*"; },
    [](const std::string& escaped, const std::string& url) { return fmt::format("<{}|{}>", escape(url), escaped); }};

/// Never cut inside an entity: the plain text is cut until what comes of it fits.
std::string escaped_within(std::string_view text, std::size_t most) {
  for (std::size_t room = most;; --room) {
    std::string out = escape(cut(text, room, Count::characters));
    if (room <= 1 || length(out, Count::characters) <= most) return out;
  }
}

json::object text_of(std::string_view type, std::string_view text) {
  return {{"type", type}, {"text", text}};
}

json::object section(const std::string& text) {
  return {{"type", "section"}, {"text", text_of("mrkdwn", cut(text, kMaxSection, Count::characters))}};
}

json::object context(const std::string& text) {
  return {{"type", "context"}, {"elements", json::array{text_of("mrkdwn", text)}}};
}

/// Returns the vendor's own word for what is wrong (`invalid_blocks`, `no_service`), empty for what a proxy writes. All
/// words that Slack documents have an underscore.
std::string word_of(const net::ClientResponse& response) {
  const std::string word = one_line(response.body, kMaxWord);
  const bool plain = std::all_of(word.begin(), word.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
  return plain && (word == "ok" || word.find('_') != std::string::npos) ? word : std::string{};
}

class Slack final : public Receiver {
 public:
  Slack(Secret url, Audience audience) : url_(std::move(url)), audience_(std::move(audience)) {}

  Outgoing prepare(Batch batch, TimePoint /*wall*/) const override {
    const auto one = [&](const Notice& notice) {
      return payload(notice.icon + " " + notice.title, one_line_of(notice, audience_.language), blocks(notice));
    };
    const auto list = [](const NoticeList& several) {
      return payload(several.title, several.title, list_blocks(several.lines));
    };
    return post(
        url_.reveal(),
        laid_out(read_notices(batch, audience_), {audience_.language, kMarkup, kMaxBody, Count::bytes, one, list}),
        kUtf8Json);
  }

  Verdict classify(const net::ClientResponse& response, int attempts, TimePoint wall) const override {
    const std::string word = word_of(response);
    if (response.status == 200) {
      if (word == "ok") return delivered("HTTP 200: ok");
      if (word == "rate_limited" || word == "message_limit_exceeded") return again("HTTP 200: " + word);
      return word.empty() ? again("HTTP 200 without Slack's ok") : dead("HTTP 200: " + word);
    }
    Verdict verdict = classify_plain_http(response, attempts, wall);
    if (word.empty()) return verdict;
    verdict.why = fmt::format("HTTP {}: {}", response.status, word);
    const bool wrong =
        response.status == 400 || response.status == 403 || response.status == 404 || response.status == 410;
    if (wrong) verdict.kind = Verdict::Kind::dead;
    return verdict;
  }

  std::optional<Budget> budget() const override { return Budget{1, std::chrono::seconds{1}}; }

 private:
  [[nodiscard]] json::array blocks(const Notice& one) const {
    json::array out;
    json::array fields;
    for (const Fact& fact : one.failing) {
      if (fields.size() >= kMaxFields) break;
      fields.push_back(text_of("mrkdwn", fmt::format("*{}*\n{}", escape(fact.name), escape(fact.value))));
    }
    if (!fields.empty()) out.push_back(json::object{{"type", "section"}, {"fields", fields}});
    if (const std::string facts = facts_line(one, kMarkup); !facts.empty()) out.push_back(context(facts));
    for (const std::string& line : advice_lines(one, audience_.language, kMarkup)) out.push_back(section(line));
    if (const std::string foot = foot_line(one, audience_.language, kMarkup); !foot.empty())
      out.push_back(context(foot));
    return out;
  }

  /// Lines are gathered into as few sections as hold them.
  [[nodiscard]] static json::array list_blocks(const std::vector<std::string>& lines) {
    json::array out;
    std::string text;
    for (const std::string& line : lines) {
      if (length(text, Count::characters) + length(line, Count::characters) + 1 > kMaxSection) {
        out.push_back(section(text));
        text.clear();
      }
      text += (text.empty() ? "" : "\n") + line;
    }
    out.push_back(section(text));
    return out;
  }

  [[nodiscard]] static std::string payload(const std::string& title, const std::string& notification,
                                           json::array blocks) {
    json::object heading = text_of("plain_text", escaped_within(title, kMaxHeader));
    heading["emoji"] = true;
    blocks.insert(blocks.begin(), json::object{{"type", "header"}, {"text", heading}});
    return to_text(json::object{{"text", escape(notification)}, {"blocks", blocks}});
  }

  Secret url_;
  Audience audience_;
};

}  // namespace

std::unique_ptr<Receiver> read_slack(config::Reader& item, const ReceiverSettings& common) {
  Secret url = read_address(item);
  return url.empty() ? nullptr : std::make_unique<Slack>(std::move(url), common.audience());
}

}  // namespace crmpulse::collector
