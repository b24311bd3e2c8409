#pragma once
// A mail server of 127.0.0.1 that says what it is told to say and remembers what it took.

#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace crmpulse::test {

class SmtpSink {
 public:
  struct Options {
    std::string cert_file;  ///< with it STARTTLS is offered
    std::string key_file;
    bool login = false;        ///< AUTH PLAIN is offered
    std::string mechanisms{};  ///< instead: what AUTH offers, as `LOGIN CRAM-MD5`
  };
  struct Mail {
    std::string from;
    std::string to;
    std::string data;   ///< without the dot at the end, dots unstuffed
    std::string login;  ///< what AUTH PLAIN carried, in base64; the mechanism and what it carried of another
    bool tls = false;
  };

  SmtpSink() : SmtpSink(Options{}) {}
  explicit SmtpSink(Options options);
  ~SmtpSink();
  SmtpSink(const SmtpSink&) = delete;
  SmtpSink& operator=(const SmtpSink&) = delete;

  [[nodiscard]] std::string server() const { return "127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] std::vector<Mail> mails() const;
  /// The next answers to a command (`MAIL`, `RCPT`, `DATA`, `AUTH`, `GREETING`, or `.` for the end of the data) instead
  /// of the friendly ones; an empty one hangs up.
  void answer(const std::string& command, std::deque<std::string> replies);

 private:
  class Conversation;
  void serve();
  [[nodiscard]] bool scripted(const std::string& command, std::string& reply);

  Options options_;
  mutable std::mutex mutex_;
  std::map<std::string, std::deque<std::string>> script_;  ///< guarded by mutex_
  std::vector<Mail> mails_;                                ///< guarded by mutex_
  int listener_ = -1;
  int wake_[2] = {-1, -1};
  unsigned short port_ = 0;
  std::thread thread_;
};

}  // namespace crmpulse::test
