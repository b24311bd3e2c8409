#include "sandbox/watch/watch.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <chrono>
#include <cstdio>
#include <deque>
#include <map>

#include "sandbox/watch/fetch.h"
#include "sandbox/watch/table.h"

namespace crmpulse::sandbox {
namespace {

volatile sig_atomic_t stop_asked = 0;
constexpr std::size_t kMostAlerts = 100;  ///< lines kept for the screen

/// Keys arrive one by one and unseen while this lives.
class RawTerminal {
 public:
  RawTerminal() {
    tcgetattr(STDIN_FILENO, &before_);
    termios raw = before_;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    std::fputs("\x1b[?1049h\x1b[?25l", stdout);
  }
  ~RawTerminal() {
    std::fputs("\x1b[?25h\x1b[?1049l", stdout);
    std::fflush(stdout);
    tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

 private:
  termios before_{};
};

/// A fault as the sample CRMs call it, and as the vendor APIs do; empty: those have none.
struct MenuItem {
  char key;
  std::string_view sample;
  std::string_view vendor;
  double seconds;
  std::string_view en;
  std::string_view zh;
};
constexpr std::array kMenu{
    MenuItem{'1', "slow", "slow", 0.3, "slow", "变慢"},
    MenuItem{'2', "very_slow", "slow", 1.2, "very slow", "极慢"},
    MenuItem{'3', "stale", "stale", 0, "stale data", "数据陈旧"},
    MenuItem{'4', "down", "outage", 0, "down", "宕机"},
    MenuItem{'5', "dirty", "dirty", 0, "dirty data", "脏数据"},
    MenuItem{'6', "", "permission", 0, "rights lost", "权限被撤销"},
    MenuItem{'7', "", "vendor_incident", 0, "vendor incident", "厂商故障"},
    MenuItem{'0', "none", "none", 0, "repair", "修复"},
};
/// The recipe of the sample CRMs: a CRM of another kind is one of the vendors, and is named like it.
constexpr std::string_view kSampleKind = "sample";

class Watcher {
 public:
  explicit Watcher(const WatchOptions& options)
      : options_(options), language_(options.language == "zh" ? Language::zh : Language::en) {}

  void run(bool terminal) {
    while (stop_asked == 0 && !quit_) {
      refresh();
      if (terminal) {
        draw();
      } else {
        print_changes();
      }
      wait_for_key(terminal);
    }
  }

 private:
  void refresh() {
    const auto crms = fetch_json(client_, "GET", options_.collector + "/api/v1/crms");
    trouble_ = crms ? std::string{} : fmt::format("no answer from the collector: {}", crms.error().message);
    if (crms) rows_ = rows_from(crms.value(), language_);
    if (selected_.empty() && !rows_.empty()) selected_ = rows_.front().crm;
    if (options_.sandbox.empty()) return;
    const auto alerts =
        fetch_json(client_, "GET", fmt::format("{}/_sandbox/alerts?after={}", options_.sandbox, last_alert_));
    if (!alerts || !alerts.value().is_object()) return;
    for (const auto& item : alerts.value().at("alerts").as_array()) {
      last_alert_ = item.at("number").to_number<std::int64_t>();
      for (std::string& line : alert_lines(item.at("alert"), language_)) fresh_.push_back(std::move(line));
    }
  }

  void draw() {
    winsize size{};
    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    const int width = size.ws_col > 40 ? size.ws_col : 120;
    const int height = size.ws_row > 10 ? size.ws_row : 30;
    const bool zh = language_ == Language::zh;
    std::vector<std::string> lines{fmt::format("crmpulse  {}", options_.collector), ""};
    for (std::string& line : table_lines(rows_, language_, true, width)) lines.push_back(std::move(line));
    lines.emplace_back("");
    if (!trouble_.empty()) lines.push_back(trouble_);
    lines.push_back(menu(zh));
    lines.emplace_back("");
    for (std::string& line : fresh_) alerts_.push_back(std::move(line));
    fresh_.clear();
    const auto room = static_cast<std::size_t>(std::max(4, height - static_cast<int>(lines.size()) - 2));
    while (alerts_.size() > kMostAlerts) alerts_.pop_front();
    if (!options_.sandbox.empty())
      lines.emplace_back(zh ? "告警（内置 webhook 接收端）" : "Alerts that reached the built-in webhook receiver");
    for (std::string& line : newest_alerts(width, room)) lines.push_back(std::move(line));
    std::string screen = "\x1b[H";
    for (const std::string& line : lines) screen += fit_screen(line, width) + "\x1b[K\r\n";
    std::fputs((screen + "\x1b[J").c_str(), stdout);
    std::fflush(stdout);
  }

  /// Cuts a line to the screen; coloured lines are already fitted by the table.
  static std::string fit_screen(const std::string& line, int width) {
    return line.find('\x1b') != std::string::npos || display_width(line) <= width ? line : fit(line, width);
  }

  /// The last `room` lines of the alerts, wrapped to the screen.
  std::vector<std::string> newest_alerts(int width, std::size_t room) const {
    std::vector<std::string> lines;
    for (const std::string& alert : alerts_) {
      for (std::string& line : wrap(alert, width)) lines.push_back(std::move(line));
    }
    if (lines.size() > room) lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(room));
    return lines;
  }

  std::string menu(bool zh) const {
    if (options_.sandbox.empty()) return zh ? "q 退出" : "q quit";
    std::string out = zh ? fmt::format("对 {} 注入故障：", selected_) : fmt::format("Break {}:", selected_);
    for (const MenuItem& item : kMenu) {
      if (!fault_of(item).empty()) out += fmt::format("  [{}] {}", item.key, zh ? item.zh : item.en);
    }
    return out + (zh ? "   [Tab] 换一个 CRM   [q] 退出" : "   [Tab] next CRM   [q] quit");
  }

  void print_changes() {
    for (const CrmRow& row : rows_) {
      std::string& before = printed_[row.crm];
      if (before == row.state) continue;
      before = row.state;
      std::puts(fmt::format("{} {} {} {}", fit(row.crm, 12), fit(row.state, 15), row.worst, row.reason).c_str());
    }
    for (const std::string& line : fresh_) std::puts(fmt::format("  alert  {}", line).c_str());
    fresh_.clear();
    std::fflush(stdout);
  }

  void wait_for_key(bool terminal) {
    pollfd keys{terminal ? STDIN_FILENO : -1, POLLIN, 0};
    if (poll(&keys, 1, 1000) <= 0 || (keys.revents & POLLIN) == 0) return;
    char key = 0;
    if (read(STDIN_FILENO, &key, 1) != 1) {
      quit_ = true;
      return;
    }
    press(key);
  }

  void press(char key) {
    if (key == 'q') quit_ = true;
    if (key == '\t') select_next();
    for (const MenuItem& item : kMenu) {
      if (item.key != key || options_.sandbox.empty() || fault_of(item).empty()) continue;
      // One fault at a time: the one before goes first.
      set_fault("none", 0);
      if (fault_of(item) != "none") set_fault(fault_of(item), item.seconds);
    }
  }

  [[nodiscard]] std::string_view fault_of(const MenuItem& item) const {
    const bool sample = std::any_of(rows_.begin(), rows_.end(),
                                    [&](const CrmRow& row) { return row.crm == selected_ && row.kind == kSampleKind; });
    return sample ? item.sample : item.vendor;
  }

  void set_fault(std::string_view fault, double seconds) {
    boost::json::object body{{"crm", selected_}, {"fault", fault}};
    if (seconds > 0) body["seconds"] = seconds;
    const auto done = fetch_json(client_, "POST", options_.sandbox + "/_sandbox/faults", boost::json::serialize(body));
    if (!done) trouble_ = done.error().message;
  }

  void select_next() {
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (rows_[i].crm != selected_) continue;
      selected_ = rows_[(i + 1) % rows_.size()].crm;
      return;
    }
  }

  WatchOptions options_;
  Language language_;
  net::HttpClient client_;
  std::vector<CrmRow> rows_;
  std::deque<std::string> alerts_;
  std::vector<std::string> fresh_;
  std::map<std::string, std::string> printed_;
  std::string selected_;
  std::string trouble_;
  std::int64_t last_alert_ = 0;
  bool quit_ = false;
};

}  // namespace

Result<void> watch(const WatchOptions& options) {
  struct sigaction action{};
  action.sa_handler = [](int) { stop_asked = 1; };
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  Watcher watcher{options};
  if (isatty(STDIN_FILENO) != 0 && isatty(STDOUT_FILENO) != 0) {
    const RawTerminal raw;
    watcher.run(true);
  } else {
    watcher.run(false);
  }
  return {};
}

}  // namespace crmpulse::sandbox
