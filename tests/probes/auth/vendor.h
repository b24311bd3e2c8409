#pragma once
// A CRM's login as a test scripts it, a clock the test moves, and sessions that log in there.

#include <atomic>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "net/server/http_server.h"
#include "probes/auth/session.h"
#include "tests/support/eventually.h"
#include "tests/support/temp_dir.h"

namespace crmpulse::test {

namespace auth = probes::auth;

inline const TimePoint kStart = from_unix_millis(1'795'251'600'000);  ///< 2026-11-21T09:00:00Z

/// Answers on a thread of its own; every request is kept.
class Vendor {
 public:
  using Answer = std::function<net::HttpResponse(const net::HttpRequest&)>;
  explicit Vendor(Answer answer);
  ~Vendor();
  void answer(Answer answer);
  /// While held back, requests wait for their answer.
  void hold_back(bool on);
  [[nodiscard]] std::vector<net::HttpRequest> requests() const;
  [[nodiscard]] std::size_t count() const { return requests().size(); }
  [[nodiscard]] std::string url(const std::string& path = "/token") const;

 private:
  void serve(const net::HttpRequest& request, const net::Respond& respond);

  net::Loop loop_;
  std::unique_ptr<net::HttpServer> server_;
  mutable std::mutex mutex_;
  Answer answer_;
  bool held_back_ = false;
  std::vector<net::HttpRequest> requests_;
  std::vector<std::pair<net::HttpRequest, net::Respond>> held_;  ///< of the loop's thread
  std::thread thread_;
};

[[nodiscard]] net::HttpResponse json(int status, std::string body);
/// `{"access_token":"TOKEN-1",…}`, counting; `more` are further members: `,"expires_in":3600`.
[[nodiscard]] Vendor::Answer tokens(std::string more = "");

/// The fields of a form.
[[nodiscard]] std::map<std::string, std::string> form_of(const net::HttpRequest& request);

class StateDir {
 public:
  [[nodiscard]] std::string path() const { return folder_.path(); }
  [[nodiscard]] std::vector<std::filesystem::path> token_files() const;

 private:
  TempDir folder_;
};

using Answered = std::pair<boost::system::result<auth::Access, Failure>, std::optional<auth::Login>>;

/// One program: its client, its sessions, its clock.
class Program {
 public:
  Program() : sessions_(std::make_unique<auth::Sessions>(client_, [this] { return now(); })) {}
  [[nodiscard]] TimePoint now() const { return from_unix_millis(millis_); }
  void advance(Duration by) { millis_ += by.count(); }
  [[nodiscard]] std::shared_ptr<auth::Session> session(const probes::AuthFlow& flow,
                                                       const auth::LoginSettings& settings,
                                                       const std::string& state_dir = "");
  [[nodiscard]] auth::Sessions& sessions() { return *sessions_; }
  void end() { sessions_.reset(); }

 private:
  std::atomic<std::int64_t> millis_{unix_millis(kStart)};
  net::HttpClient client_;
  std::unique_ptr<auth::Sessions> sessions_;
};

[[nodiscard]] Answered access(auth::Session& session, Duration patience = std::chrono::seconds{20});
/// The one header's value; empty when the login failed.
[[nodiscard]] std::string header(auth::Session& session);

/// Fills in a recipe's request that is a form, as recipes do it with more.
[[nodiscard]] Result<net::ClientRequest> fill_in_form(const probes::HttpCall& call, const auth::LoginValues& values);

/// A flow as a recipe might describe it, for an endpoint.
[[nodiscard]] probes::AuthFlow flow_named(std::string_view name, const std::string& url);
/// Every field of a flow filled in; secrets hold the word `hidden`, but for a private key.
[[nodiscard]] auth::LoginSettings settings_for(std::string_view flow);

}  // namespace crmpulse::test
