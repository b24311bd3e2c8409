#include "sandbox/watch/watch.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <cstdio>
#include <map>
#include <optional>
#include <string_view>

#include "core/text/width.h"
#include "sandbox/watch/fetch.h"
#include "sandbox/watch/menu.h"
#include "sandbox/watch/screen.h"
#include "sandbox/watch/terminal.h"

namespace crmpulse::sandbox {
namespace {

volatile sig_atomic_t stop_asked = 0;
constexpr std::size_t kMostAlerts = 100;  ///< kept for the screen

class Watcher {
 public:
  Watcher(const WatchOptions& options, TerminalAbilities terminal) : options_(options), terminal_(terminal) {
    view_.collector = options.collector;
    view_.sandbox = !options.sandbox.empty();
    view_.language = options.language == "zh" ? Language::zh : Language::en;
    view_.colour = terminal.colour;
  }

  void run() {
    while (stop_asked == 0 && !quit_) {
      refresh();
      if (terminal_.screen) {
        draw();
      } else {
        print_changes();
      }
      wait_for_key();
    }
  }

 private:
  void refresh() {
    view_.shown = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - started_);
    const auto crms = fetch_json(client_, "GET", options_.collector + "/api/v1/crms");
    const bool zh = view_.language == Language::zh;
    view_.trouble.clear();
    if (!crms) view_.trouble = (zh ? "采集器没有响应：" : "No answer from the collector: ") + crms.error().message;
    if (crms) view_.rows = rows_from(crms.value(), view_.language);
    if (view_.selected.empty() && !view_.rows.empty()) view_.selected = view_.rows.front().crm;
    if (!view_.sandbox) return;
    mark_faults();
    take_alerts();
    if (!refused_.empty()) view_.trouble = refused_;
  }

  void mark_faults() {
    const auto faults = fetch_json(client_, "GET", options_.sandbox + "/_sandbox/faults");
    if (!faults) return;
    std::vector<std::string> crms;
    std::vector<std::string> samples;
    for (const CrmRow& row : view_.rows) {
      crms.push_back(row.crm);
      if (row.kind == kSampleKind) samples.push_back(row.crm);
    }
    auto active = active_keys(faults.value(), crms, samples);
    for (CrmRow& row : view_.rows) row.faults = active[row.crm];
  }

  void take_alerts() {
    const auto alerts =
        fetch_json(client_, "GET", fmt::format("{}/_sandbox/alerts?after={}", options_.sandbox, last_alert_));
    if (!alerts || !alerts.value().is_object()) return;
    for (const auto& item : alerts.value().at("alerts").as_array()) {
      last_alert_ = item.at("number").to_number<std::int64_t>();
      view_.alerts.push_back(shown_alert(item.at("alert"), view_.language));
      ++fresh_;
      if (view_.alerts.size() > kMostAlerts) view_.alerts.pop_front();
    }
  }

  void draw() {
    const TerminalSize size = terminal_size();
    std::string screen = "\x1b[H";
    const std::vector<std::string> lines = screen_lines(view_, size.width, size.height);
    for (std::size_t i = 0; i < lines.size(); ++i) screen += (i > 0 ? "\x1b[K\r\n" : "") + lines[i];
    std::fputs((screen + "\x1b[K\x1b[J").c_str(), stdout);
    std::fflush(stdout);
  }

  /// Without a screen: a line for whatever is new.
  void print_changes() {
    say_once(said_, hint(view_));
    for (const CrmRow& row : view_.rows) {
      std::string line = fmt::format("{} {}", fit(row.crm, 12), fit(row.state, 15));
      if (!row.faults.empty()) line += fmt::format("[{}] ", row.faults);
      say_once(printed_[row.crm], line + (row.level < 0 ? "" : fmt::format("{}  {}", row.worst, row.reason)),
               row.state + row.faults);
    }
    fresh_ = std::min(fresh_, view_.alerts.size());
    const std::string_view label = view_.language == Language::zh ? "消息" : "alert";
    for (auto alert = view_.alerts.end() - static_cast<std::ptrdiff_t>(fresh_); alert != view_.alerts.end(); ++alert) {
      std::puts(fmt::format("  {}  {}", label, alert->headline).c_str());
      for (const std::string& remedy : alert->remedies) std::puts(fmt::format("           {}", remedy).c_str());
    }
    fresh_ = 0;
    if (terminal_.keys && view_.sandbox && !view_.selected.empty()) print_menu();
    std::fflush(stdout);
  }

  void print_menu() {
    const auto row = selected();
    if (!row) return;
    std::string menu;
    for (const std::string& line :
         menu_lines(row->crm, row->kind == kSampleKind, row->faults, view_.language, false, terminal_size().width))
      menu += (menu.empty() ? "" : "\n") + line;
    say_once(menu_, menu);
  }

  /// `about`: what makes it new; the line itself without.
  static void say_once(std::string& before, const std::string& line, const std::optional<std::string>& about = {}) {
    const std::string& now = about ? *about : line;
    if (before == now) return;
    before = now;
    if (!line.empty()) std::puts(line.c_str());
  }

  void wait_for_key() {
    pollfd keys{terminal_.keys ? STDIN_FILENO : -1, POLLIN, 0};
    if (poll(&keys, 1, 1000) <= 0 || (keys.revents & POLLIN) == 0) return;
    char key = 0;
    if (read(STDIN_FILENO, &key, 1) != 1) {
      quit_ = true;
      return;
    }
    press(key);
  }

  void press(char key) {
    refused_.clear();
    if (key == 'q') quit_ = true;
    if (key == '\t') select_next();
    const auto row = selected();
    if (!view_.sandbox || !row) return;
    for (const MenuItem& item : menu_items()) {
      const std::string_view fault = fault_of(item, row->kind == kSampleKind);
      if (item.key == key && !fault.empty()) set_fault(row->crm, fault, item.seconds);
    }
  }

  [[nodiscard]] std::optional<CrmRow> selected() const {
    const auto found = std::find_if(view_.rows.begin(), view_.rows.end(),
                                    [this](const CrmRow& row) { return row.crm == view_.selected; });
    return found == view_.rows.end() ? std::nullopt : std::optional{*found};
  }

  /// Beside those that are on; `none` ends all of this CRM.
  void set_fault(const std::string& crm, std::string_view fault, double seconds) {
    boost::json::object body{{"crm", crm}, {"fault", fault}};
    if (seconds > 0) body["seconds"] = seconds;
    const auto done = fetch_json(client_, "POST", options_.sandbox + "/_sandbox/faults", boost::json::serialize(body));
    if (!done) refused_ = done.error().message;
  }

  void select_next() {
    for (std::size_t i = 0; i < view_.rows.size(); ++i) {
      if (view_.rows[i].crm != view_.selected) continue;
      view_.selected = view_.rows[(i + 1) % view_.rows.size()].crm;
      return;
    }
  }

  WatchOptions options_;
  TerminalAbilities terminal_;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  net::HttpClient client_;
  View view_;
  std::string refused_;    ///< the sandbox's answer to the last key, when it was an error
  std::size_t fresh_ = 0;  ///< alerts that were not printed yet
  std::map<std::string, std::string> printed_;
  std::string said_;
  std::string menu_;
  std::int64_t last_alert_ = 0;
  bool quit_ = false;
};

}  // namespace

Result<void> watch(const WatchOptions& options) {
  struct sigaction action{};
  action.sa_handler = [](int) { stop_asked = 1; };
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  const TerminalAbilities terminal = terminal_abilities();
  Watcher watcher{options, terminal};
  std::optional<RawTerminal> raw;
  if (terminal.keys) raw.emplace(terminal.screen);
  watcher.run();
  return {};
}

}  // namespace crmpulse::sandbox
