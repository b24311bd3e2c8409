#include "collector/status/command.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <string_view>
#include <utility>
#include <vector>

#include "collector/configuration/settings.h"
#include "collector/status/table.h"
#include "collector/text/progress.h"
#include "config/secret_source.h"
#include "config/suggest.h"
#include "core/text/percent.h"
#include "core/text/say.h"
#include "core/time/clock.h"
#include "core/words/locale.h"
#include "net/client/http_client.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

constexpr int kUnknown = 3;
constexpr int kBetweenLooksMillis = 2'000;
constexpr std::size_t kMostAnswer = 256UL * 1024 * 1024;

int cannot_say(const Error& error) {
  say(stderr, "{}\n", error.message);
  return kUnknown;
}

std::string_view variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string_view{} : value;
}

/// Where the configured collector is reached from this machine.
std::string url_of(const Settings& settings) {
  std::string address = settings.listen.address;
  if (address.empty() || address == "0.0.0.0" || address == "*") address = "127.0.0.1";
  if (address == "::") address = "::1";
  if (address.find(':') != std::string::npos) address = fmt::format("[{}]", address);
  return fmt::format("{}://{}:{}", settings.tls ? "https" : "http", address, settings.listen.port);
}

/// The collector that is asked.
class Asked {
 public:
  [[nodiscard]] static Result<Asked> from(const StatusOptions& options) {
    Asked asked;
    asked.url_ = options.url;
    asked.tls_.ca_file = options.ca_file;
    if (asked.url_.empty()) {
      const auto settings = load_settings(options.config);
      if (!settings) return Error{to_string(settings.error())};
      asked.url_ = url_of(*settings);
      if (settings->tls && options.ca_file.empty())
        asked.tls_.ca_file = settings->authority ? settings->authority->ca_file : settings->tls->cert_file;
    }
    while (asked.url_.ends_with('/')) asked.url_.pop_back();
    if (options.token_file.empty()) return asked;
    const auto token = config::secret_from_file(options.token_file);
    if (!token) return token.error();
    if (token->warning) say(stderr, "warning: {}\n", *token->warning);
    asked.authorization_ = Secret{"Bearer " + token->secret.reveal()};
    return asked;
  }

  [[nodiscard]] Result<json::value> get(net::HttpClient& client, const std::string& path) const {
    net::ClientRequest request;
    request.url = url_ + path;
    request.tls = tls_;
    request.max_response_bytes = kMostAnswer;
    if (!authorization_.empty()) request.headers.emplace_back("Authorization", authorization_.reveal());
    std::promise<net::ClientResponse> promise;
    auto answer = promise.get_future();
    client.send(std::move(request),
                [&promise](net::ClientResponse response) { promise.set_value(std::move(response)); });
    return read(answer.get());
  }

 private:
  [[nodiscard]] Result<json::value> read(const net::ClientResponse& response) const {
    if (response.failure) return Error{fmt::format("{} does not answer: {}", url_, response.failure->message)};
    if (response.status == 401) {
      return Error{
          fmt::format("{} asks for a token: --token-file FILE (crmpulse-collector token create --role viewer "
                      "makes one)",
                      url_)};
    }
    boost::system::error_code error;
    json::value value = json::parse(response.body, error);
    if (error) return Error{fmt::format("{} answers {}, and not with JSON: is it a collector?", url_, response.status)};
    if (response.status == 200) return value;
    const json::value* why = value.is_object() ? value.get_object().if_contains("error") : nullptr;
    const json::value* message =
        why != nullptr && why->is_object() ? why->get_object().if_contains("message") : nullptr;
    return Error{fmt::format("{} answers {}: {}", url_, response.status,
                             message != nullptr && message->is_string() ? std::string_view{message->get_string()}
                                                                        : std::string_view{"no reason"})};
  }

  std::string url_;
  net::ClientTls tls_;
  Secret authorization_;
};

Result<json::array> all_crms(net::HttpClient& client, const Asked& asked) {
  json::array out;
  std::string cursor;
  do {
    auto page = asked.get(client, cursor.empty() ? "/api/v1/crms" : "/api/v1/crms?cursor=" + percent_encoded(cursor));
    if (!page) return page.error();
    if (!page->is_object() || !page->get_object().contains("crms")) return Error{"the answer holds no CRMs"};
    for (json::value& crm : page->get_object().at("crms").as_array()) out.push_back(std::move(crm));
    const json::value* next = page->get_object().if_contains("next_cursor");
    cursor = next != nullptr && next->is_string() ? std::string{next->get_string()} : std::string{};
  } while (!cursor.empty());
  return out;
}

/// What is drawn, and the exit code.
struct Drawn {
  std::vector<std::string> lines;
  int code = 0;
};

int code_of(ShownState state) {
  switch (state) {
    case ShownState::healthy: return 0;
    case ShownState::sub_healthy: return 1;
    case ShownState::poor: return 2;
    case ShownState::unknown: break;
  }
  return kUnknown;
}

Result<Drawn> draw_one(net::HttpClient& client, const Asked& asked, const std::string& name, const Look& look) {
  const auto crms = all_crms(client, asked);
  if (!crms) return crms.error();
  std::vector<std::string> names;
  for (const json::value& crm : *crms) names.emplace_back(crm.at("crm").as_string());
  if (std::find(names.begin(), names.end(), name) == names.end())
    return Error{fmt::format("there is no CRM '{}'{}", name, config::suggestion(name, names))};
  const auto details = asked.get(client, "/api/v1/crms/" + percent_encoded(name));
  if (!details) return details.error();
  if (!details->is_object()) return Error{"the answer is not a CRM"};
  const ShownCrm crm = shown_crm(details->get_object(), look.language);
  std::vector<std::string> lines = crm_lines(crm, look);
  if (look.height > 0 && lines.size() > look.height) lines.resize(look.height);
  return Drawn{std::move(lines), code_of(crm.state)};
}

Result<Drawn> draw_all(net::HttpClient& client, const Asked& asked, const Look& look) {
  const auto crms = all_crms(client, asked);
  if (!crms) return crms.error();
  const auto troubles = asked.get(client, "/api/v1/troubles");
  if (!troubles) return troubles.error();
  return Drawn{fleet_lines(shown_crms(*crms, look.language), shown_troubles(*troubles, look.language), look), 0};
}

Look look_now(Language language, bool watch) {
  Look look;
  look.language = language;
  look.now = wall_now();
  const bool terminal = is_terminal(stdout);
  look.colour = terminal && variable("NO_COLOR").empty();
  winsize size{};
  if (terminal && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) look.width = size.ws_col;
  if (terminal && watch && size.ws_row > 1) look.height = size.ws_row - 1U;
  return look;
}

/// Texts in it were made fit to be shown when they were read; what moves the cursor is ours.
void print(const std::vector<std::string>& lines, std::string_view before, std::string_view behind_each,
           std::string_view after) {
  std::string out{before};
  for (const std::string& line : lines) out.append(line).append(behind_each).append("\n");
  out.append(after);
  std::fwrite(out.data(), 1, out.size(), stdout);
  std::fflush(stdout);
}

/// On a terminal the newest picture stands where the one before it stood; else only what is new is printed.
int watch(net::HttpClient& client, const Asked& asked, const StatusOptions& options, Language language) {
  const bool terminal = is_terminal(stdout);
  if (terminal) print({}, "\x1b[2J", "", "");
  std::vector<std::string> last;
  while (true) {
    const Look look = look_now(language, true);
    auto drawn = options.crm.empty() ? draw_all(client, asked, look) : draw_one(client, asked, options.crm, look);
    const std::vector<std::string> lines = drawn ? drawn->lines : std::vector{drawn.error().message};
    if (terminal) {
      print(lines, "\x1b[H", "\x1b[K", "\x1b[J");
    } else if (lines != last) {
      print(lines, last.empty() ? "" : "\n", "", "");
    }
    last = lines;
    if (std::ferror(stdout) != 0) return kUnknown;
    ::poll(nullptr, 0, kBetweenLooksMillis);
  }
}

}  // namespace

int status(const StatusOptions& options) {
  const auto asked = Asked::from(options);
  if (!asked) return cannot_say(asked.error());
  const Language language = spoken_language(options.language);
  net::HttpClient client;
  if (options.watch) return watch(client, *asked, options, language);
  const Look look = look_now(language, false);
  const auto drawn = options.crm.empty() ? draw_all(client, *asked, look) : draw_one(client, *asked, options.crm, look);
  if (!drawn) return cannot_say(drawn.error());
  print(drawn->lines, "", "", "");
  return drawn->code;
}

}  // namespace crmpulse::collector
