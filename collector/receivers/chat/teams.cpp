// Microsoft Teams: an adaptive card for a Workflow, which answers 202 before it posts. The retired connectors answer
// 200 whatever happened, and only a number in the body means that they posted.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "collector/receivers/base/plain_http.h"
#include "collector/receivers/chat/chat.h"
#include "collector/receivers/chat/types.h"
#include "collector/text/json_text.h"
#include "core/failure/failure.h"
#include "core/text/ascii.h"
#include "net/base/url.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxBody = 20'000;  // bytes; 28 kB by the documentation, about 21 kB as people meet it
constexpr std::string_view kRefusal = "HTTP error ";

std::string_view colour(Tone tone) {
  switch (tone) {
    case Tone::good: return "Good";
    case Tone::info: return "Accent";
    case Tone::warning: return "Warning";
    case Tone::bad: return "Attention";
  }
  return "Attention";
}

json::object paragraph(const std::string& text) {
  return {{"type", "TextBlock"}, {"wrap", true}, {"text", text}};
}

json::object heading(const std::string& title, Tone tone) {
  json::object block = paragraph(markdown().escape(title));
  block["size"] = "Medium";
  block["weight"] = "Bolder";
  block["color"] = colour(tone);
  return block;
}

bool is_connector(const std::string& url) {
  const auto parsed = net::parse_url(url);
  const std::string host = parsed ? ascii::lower(parsed->host) : std::string{};
  return host.ends_with(".webhook.office.com") || host.ends_with("outlook.office.com");
}

/// 429 of "Webhook message delivery failed with error: … HTTP error 429 …"; 0 without one.
int status_in(std::string_view body) {
  const std::size_t at = body.find(kRefusal);
  int status = 0;
  if (at != std::string_view::npos) {
    const char* first = body.data() + at + kRefusal.size();
    std::from_chars(first, body.data() + body.size(), status);
  }
  return status;
}

/// Power Automate's own word for what is wrong (`WorkflowTriggerIsNotEnabled`); what stands before it has none.
std::string workflow_code(const std::string& body) {
  const json::object whole = answer_object(body);
  const json::value* error = whole.if_contains("error");
  return error != nullptr && error->is_object() ? one_line(string_member(error->get_object(), "code"), 80)
                                                : std::string{};
}

class Teams final : public Receiver {
 public:
  Teams(Secret url, Audience audience) : url_(std::move(url)), audience_(std::move(audience)) {}

  Outgoing prepare(Batch batch, TimePoint /*wall*/) const override {
    const auto one = [&](const Notice& notice) {
      return card(blocks(notice), notice.link, link_words(notice, audience_.language));
    };
    const auto list = [&](const NoticeList& several) {
      json::array body{heading(several.title, several.tone)};
      for (const std::string& line : several.lines) body.push_back(paragraph(line));
      return card(std::move(body), "", "");
    };
    return post(
        url_.reveal(),
        laid_out(read_notices(batch, audience_), {audience_.language, markdown(), kMaxBody, Count::bytes, one, list}),
        kUtf8Json);
  }

  Verdict classify(const net::ClientResponse& response, int attempts, TimePoint wall) const override {
    const int status = response.status;
    if (status == 400 || status == 401 || status == 404) {
      if (const std::string code = workflow_code(response.body); !code.empty())
        return dead(fmt::format("HTTP {}: {}", status, code));
    }
    if (status != 200) return classify_plain_http(response, attempts, wall);
    const int inside = status_in(response.body);
    if (inside == 429 || inside >= 500) return again(fmt::format("HTTP 200 with HTTP error {} inside", inside));
    if (inside != 0) return dead(fmt::format("HTTP 200 with HTTP error {} inside", inside));
    const std::string body = one_line(response.body);
    const bool number =
        !body.empty() && std::all_of(body.begin(), body.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (is_connector(url_.reveal()) && !number) return again("HTTP 200 without a number in the body");
    return delivered("HTTP 200");
  }

  std::optional<Budget> budget() const override { return Budget{4, std::chrono::seconds{1}}; }

 private:
  [[nodiscard]] json::array blocks(const Notice& one) const {
    json::array body{heading(one.icon + " " + one.title, one.tone)};
    json::array facts;
    for (const auto* group : {&one.failing, &one.facts}) {
      for (const Fact& fact : *group)
        facts.push_back(
            json::object{{"title", markdown().escape(fact.name)}, {"value", markdown().escape(fact.value)}});
    }
    if (!facts.empty()) body.push_back(json::object{{"type", "FactSet"}, {"facts", facts}});
    for (const std::string& line : advice_lines(one, audience_.language, markdown())) body.push_back(paragraph(line));
    if (!one.incident.empty()) {
      json::object id =
          paragraph(fmt::format("{} {}", words_in(audience_.language).incident, markdown().escape(one.incident)));
      id["isSubtle"] = true;
      id["size"] = "Small";
      body.push_back(std::move(id));
    }
    return body;
  }

  [[nodiscard]] std::string card(json::array body, const std::string& link, std::string_view link_name) const {
    json::object content{{"$schema", "http://adaptivecards.io/schemas/adaptive-card.json"},
                         {"type", "AdaptiveCard"},
                         {"version", "1.4"},
                         {"msteams", json::object{{"width", "Full"}}},
                         {"body", std::move(body)}};
    if (!link.empty()) {
      content["actions"] = json::array{json::object{{"type", "Action.OpenUrl"}, {"title", link_name}, {"url", link}}};
    }
    const json::object attachment{{"contentType", "application/vnd.microsoft.card.adaptive"},
                                  {"contentUrl", nullptr},
                                  {"content", std::move(content)}};
    return to_text(json::object{{"type", "message"}, {"attachments", json::array{attachment}}});
  }

  Secret url_;
  Audience audience_;
};

}  // namespace

std::unique_ptr<Receiver> read_teams(config::Reader& item, const ReceiverSettings& common) {
  Secret url = read_address(item);
  return url.empty() ? nullptr : std::make_unique<Teams>(std::move(url), common.audience());
}

}  // namespace crmpulse::collector
