#include "collector/public/pages.h"

#include <fmt/format.h>

#include <utility>

#include "collector/http/answers.h"
#include "collector/public/render.h"
#include "net/base/crypto.h"
#include "net/server/accept.h"
#include "net/server/etag.h"

namespace crmpulse::collector {
namespace {

constexpr std::size_t kEtagDigits = 32;

net::HttpResponse nothing_here() {
  return error_answer(404, "not_found", "there is nothing at this address");
}

/// `zh-CN` → `zh`.
std::string_view primary_of(std::string_view range) {
  return range.substr(0, range.find('-'));
}

}  // namespace

Language wanted_language(const net::HttpRequest& request) {
  const std::string asked = parameter(request, "lang");
  if (asked == "zh") return Language::zh;
  if (asked == "en") return Language::en;
  Language best = Language::en;
  double most = 0;
  for (const net::Accepted& range : net::accepted(request, "accept-language")) {
    const std::string_view primary = primary_of(range.name);
    if ((primary != "zh" && primary != "en") || range.weight <= most) continue;
    most = range.weight;
    best = primary == "zh" ? Language::zh : Language::en;
  }
  return best;
}

void PublicPages::add_routes(Router& router) {
  router.add({"GET", "/status", std::nullopt, [this](const Request& request, net::Respond respond) {
                const Language language = wanted_language(request);
                answer(request,
                       {fmt::format("html {}", static_cast<int>(language)), "text/html; charset=utf-8", true, false, "",
                        [language](const PublicStatus& status) { return render_html(status, language); }},
                       std::move(respond));
              }});
  router.add({"GET", "/status.css", std::nullopt, [this](const Request& request, net::Respond respond) {
                answer(request,
                       {"css", "text/css; charset=utf-8", false, false, "",
                        [](const PublicStatus&) { return std::string{public_style()}; }},
                       std::move(respond));
              }});
  router.add({"GET", "/status.json", std::nullopt, [this](const Request& request, net::Respond respond) {
                answer(request,
                       {"json", "application/json", false, true, "",
                        [](const PublicStatus& status) { return render_json(status); }},
                       std::move(respond));
              }});
  router.add({"GET", "/status.atom", std::nullopt, [this](const Request& request, net::Respond respond) {
                const Language language = wanted_language(request);
                answer(request,
                       {fmt::format("atom {}", static_cast<int>(language)), "application/atom+xml; charset=utf-8", true,
                        true, "", [language](const PublicStatus& status) { return render_atom(status, language); }},
                       std::move(respond));
              }});
  router.add({"GET", "/badge/{badge}", std::nullopt,
              [this](const Request& request, net::Respond respond) { badge(request, std::move(respond)); }});
}

void PublicPages::badge(const Request& request, net::Respond respond) {
  constexpr std::string_view kSuffix = ".svg";
  std::string crm = request.part("badge");
  if (!crm.ends_with(kSuffix)) return respond(nothing_here());
  crm.resize(crm.size() - kSuffix.size());
  const Language language = wanted_language(request);
  const auto render = [crm, language](const PublicStatus& status) -> std::optional<std::string> {
    const PublicCrm* const shown = status.find(crm);
    return shown == nullptr ? std::nullopt : std::optional{render_badge(*shown, language)};
  };
  answer(request,
         {fmt::format("badge {} {}", static_cast<int>(language), crm), "image/svg+xml", true, true, "", render},
         std::move(respond));
}

bool PublicPages::fresh() const {
  const Duration age = engine_.now() - (status_ ? status_->at : TimePoint{});
  return status_ && made_under_ == &engine_.configuration() && age >= Duration{0} && age < kFresh;
}

void PublicPages::answer(const net::HttpRequest& request, Asked asked, net::Respond respond) {
  if (!engine_.configuration().settings.public_page) return respond(nothing_here());
  asked.known = net::if_none_match(request);
  if (fresh()) return give(asked, respond);
  // Bounded by the connections.
  waiting_.emplace_back([this, asked = std::move(asked), respond = std::move(respond)](bool made) {
    if (!made) return respond(busy_answer("the store cannot be read now"));
    give(asked, respond);
  });
  if (waiting_.size() == 1) refresh();
}

void PublicPages::refresh() {
  const Configuration* const under = &engine_.configuration();
  auto made = std::make_shared<PublicStatus>(present_status(engine_, *under->settings.public_page));
  const auto job = [made](store::Database& database) -> Result<net::HttpResponse> {
    if (auto added = add_past(database, *made); !added) return added.error();
    return net::HttpResponse{};
  };
  const auto tell = [this, made, under](const net::HttpResponse& answer) {
    const bool good = answer.status == 200;
    if (good) {
      status_ = made;
      made_under_ = under;
      rendered_.clear();
    }
    for (const auto& waits : std::exchange(waiting_, {})) waits(good);
  };
  api_.from_store(job, tell);
}

void PublicPages::give(const Asked& asked, const net::Respond& respond) {
  auto known = rendered_.find(asked.form);
  if (known == rendered_.end()) {
    auto body = asked.render(*status_);
    if (!body) return respond(nothing_here());
    std::string etag = fmt::format("\"{}\"", net::hex(net::sha256(*body)).substr(0, kEtagDigits));
    known =
        rendered_.emplace(asked.form, Rendered{std::make_shared<const std::string>(std::move(*body)), std::move(etag)})
            .first;
  }
  const Rendered& rendered = known->second;
  net::HttpResponse answer;
  answer.headers = {{"ETag", rendered.etag},
                    {"Cache-Control", fmt::format("public, max-age={}",
                                                  std::chrono::duration_cast<std::chrono::seconds>(kFresh).count())}};
  if (asked.by_language) answer.headers.emplace_back("Vary", "Accept-Language");
  if (asked.for_others) {
    answer.headers.emplace_back("Access-Control-Allow-Origin", "*");
    answer.headers.emplace_back("Cross-Origin-Resource-Policy", "cross-origin");
  }
  if (net::names_etag(asked.known, rendered.etag)) {
    answer.status = 304;
  } else {
    answer.headers.emplace_back("Content-Type", asked.content_type);
    answer.shared = rendered.body;
  }
  respond(std::move(answer));
}

}  // namespace crmpulse::collector
