// Reports that are sent when a period is over.

#include "collector/report/sender.h"

#include <catch2/catch.hpp>

#include "collector/message/stored.h"
#include "collector/receivers/base/receiver.h"
#include "net/loop/file_thread.h"
#include "tests/collector/receivers/mail_as_read.h"
#include "tests/collector/report/stored_month.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::test;

namespace {

constexpr const char* kManagers =
    "external_url: https://ops.example.com/crm\n"
    "receivers:\n"
    "  - {name: managers, type: email, server: 'mail.example.com:587', from: a@example.com, to: b@example.com, "
    "language: zh}\n"
    "  - {name: chat, type: webhook, url: 'https://chat.example.com/x'}\n"
    "reports:\n";

/// A sender on a loop over the known history.
class Sending {
 public:
  Sending(StoredMonth& month, const std::string& reports) : month_(month) {
    auto loaded = load_configuration(month.config(kManagers + reports));
    if (!loaded) throw std::runtime_error(to_string(loaded.error()));
    configuration_ = *loaded;
    thread_.begin();
    thread_.run([this] {
      threads_ = std::make_unique<net::FileThread>(thread_.loop());
      const auto make = [this](report::ReportRequest request, std::function<void(Result<report::Report>)> done) {
        threads_->run([this, request = std::move(request)] { return report::make_report(*configuration_, request); },
                      std::move(done));
        return true;
      };
      sender_ = std::make_unique<ReportSender>(
          thread_.loop(), month_.writer(), make, [this] { return configuration_; },
          [this](const std::vector<store::OutboxRow>& rows) { sent_.insert(sent_.end(), rows.begin(), rows.end()); });
    });
  }
  ~Sending() {
    thread_.run([this] {
      sender_.reset();
      threads_.reset();
    });
    thread_.end();
  }
  Sending(const Sending&) = delete;
  Sending& operator=(const Sending&) = delete;

  /// Ticks at one moment until nothing is left to do.
  void tick_at(TimePoint now) {
    for (int round = 0; round < 4; ++round) {
      thread_.run([&] {
        sender_->clock_stepped();
        sender_->tick(now);
      });
      REQUIRE(eventually([&] {
        bool working = true;
        thread_.run([&] { working = sender_->working(); });
        return !working;
      }));
    }
  }
  [[nodiscard]] std::vector<store::OutboxRow> take() {
    std::vector<store::OutboxRow> out;
    thread_.run([&] { out = std::exchange(sent_, {}); });
    return out;
  }
  [[nodiscard]] const Configuration& configuration() const { return *configuration_; }

 private:
  StoredMonth& month_;
  std::shared_ptr<const Configuration> configuration_;
  LoopThread thread_;
  std::unique_ptr<net::FileThread> threads_;
  std::unique_ptr<ReportSender> sender_;
  std::vector<store::OutboxRow> sent_;
};

// 07:00 in Prague on 1 November, behind the night in which the clock was not set any more.
const TimePoint kDue = at("11-01T06:00");

}  // namespace

TEST_CASE("a monthly report is sent once at its time of day and begins with the month that is under way") {
  StoredMonth month;
  month.add_checks();
  {
    Sending sending{month, "  - {crm: acme, period: month, receiver: chat}\n"};
    sending.tick_at(at("10-20T12:00"));
    CHECK(sending.take().empty());
    sending.tick_at(kDue - Duration{1});
    CHECK(sending.take().empty());
    sending.tick_at(kDue);
    const std::vector<store::OutboxRow> sent = sending.take();
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].receiver == "chat");
    CHECK(sent[0].dedup_key == "report/acme");
    const Message message = read_message(sent[0]);
    CHECK(message.type == Event::report);
    CHECK(message.about == "2026-10");
    CHECK(message.link == "https://ops.example.com/crm/reports/acme?period=2026-10&lang=en");
    CHECK(message.text.en.find("missed the target of 99.9%") != std::string::npos);
    CHECK_FALSE(message.attachment.has_value());
    sending.tick_at(kDue + std::chrono::hours{1});
    CHECK(sending.take().empty());
  }
  // Started again it remembers; a month later it sends the next one.
  Sending again{month, "  - {crm: acme, period: month, receiver: chat}\n"};
  again.tick_at(kDue + std::chrono::hours{2});
  CHECK(again.take().empty());
  again.tick_at(at("12-02T12:00"));
  REQUIRE(again.take().size() == 1);
}

TEST_CASE("a mail has the report's page with it in the language that was asked for") {
  StoredMonth month;
  Sending sending{month, "  - {crm: acme, period: month, receiver: managers}\n"};
  sending.tick_at(at("10-20T12:00"));
  sending.tick_at(kDue);
  const std::vector<store::OutboxRow> sent = sending.take();
  REQUIRE(sent.size() == 1);
  const auto& receiver = *sending.configuration().settings.receivers.at(0).receiver;
  const Outgoing outgoing = receiver.prepare(sent, kDue);
  const std::string& mail = std::get<net::MailRequest>(outgoing).message;
  CHECK(mail_header(mail, "Subject").find("acme") != std::string::npos);
  CHECK(mail_header(mail, "Subject").find("报告 2026-10") != std::string::npos);
  const std::string type = mail_header(mail, "Content-Type");
  REQUIRE(type.starts_with("multipart/mixed; boundary=\""));
  const std::string boundary = "--" + type.substr(27, type.size() - 28);
  CHECK(mail.find(boundary + "--\r\n") != std::string::npos);
  const std::size_t text = mail.find("Content-Type: text/plain");
  CHECK(mail_text(mail.substr(text, mail.find("\r\n" + boundary, text) - text)).find("查看报告") != std::string::npos);
  const std::size_t file = mail.find("Content-Type: text/html; charset=utf-8");
  REQUIRE(file != std::string::npos);
  CHECK(mail.find("filename=\"crmpulse-acme-2026-10.html\"", file) != std::string::npos);
  const std::string page = mail_text(mail.substr(file, mail.find("\r\n" + boundary, file) - file));
  CHECK(page.starts_with("<!DOCTYPE html>"));
  CHECK(page.find("lang=\"zh-CN\"") != std::string::npos);
}

TEST_CASE("each CRM of a list has a report, and what is muted is not sent") {
  StoredMonth month;
  month.in_store([](store::Database& database) {
    return store::save_state_change(database,
                                    {at("09-30T21:00"), "beta", Level::healthy, DataStatus::fresh, 100, false});
  });
  Sending sending{month, "  - {crm: [acme, beta], period: week, receiver: chat, at: '08:30'}\n"};
  sending.tick_at(at("10-20T12:00"));
  sending.tick_at(at("10-26T07:29"));
  CHECK(sending.take().empty());
  sending.tick_at(at("10-26T07:30"));
  CHECK(sending.take().size() == 2);
  Sending muted{month, "  - {crm: acme, period: week, receiver: chat}\nmute: true\n"};
  muted.tick_at(at("11-02T12:00"));
  CHECK(muted.take().empty());
}
