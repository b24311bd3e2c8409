// A real Alertmanager that is away for an hour by the collector's clock.

#include <catch2/catch.hpp>

#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <set>

#include "core/time/clock.h"
#include "tests/collector/delivery/delivery_bench.h"
#include "tests/collector/receivers/messages.h"

using namespace crmpulse;
using namespace crmpulse::test;
using namespace std::chrono_literals;
using store::DeliveryStatus;

namespace {

unsigned short unused_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  const bool bound = ::bind(fd, reinterpret_cast<sockaddr*>(&address), length) == 0 &&
                     ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0;
  ::close(fd);
  if (!bound) throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

/// Forgets everything when it goes: it keeps alerts in memory only.
class Alertmanager {
 public:
  explicit Alertmanager(unsigned short port) : base_("http://127.0.0.1:" + std::to_string(port)) {
    const std::string config =
        directory_.write("alertmanager.yml", "route: {receiver: none}\nreceivers: [{name: none}]\n");
    const std::vector<std::string> words{"prometheus-alertmanager",
                                         "--config.file=" + config,
                                         "--storage.path=" + directory_.path("data"),
                                         "--web.listen-address=127.0.0.1:" + std::to_string(port),
                                         "--cluster.listen-address=",
                                         "--log.level=error"};
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    child_ = ::fork();
    if (child_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::execvp(arguments[0], arguments.data());
      ::_exit(127);
    }
    const bool ready = eventually([this] { return send({"GET", base_ + "/-/ready", {}, ""}).status == 200; },
                                  std::chrono::seconds{60});
    if (!ready) throw std::runtime_error("Alertmanager does not become ready");
  }
  ~Alertmanager() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  Alertmanager(const Alertmanager&) = delete;
  Alertmanager& operator=(const Alertmanager&) = delete;

  /// `acme CrmPoor` of all that fires.
  [[nodiscard]] std::set<std::string> firing() const {
    std::set<std::string> out;
    const boost::json::value alerts =
        boost::json::parse(send({"GET", base_ + "/api/v2/alerts?active=true", {}, ""}).body);
    for (const boost::json::value& alert : alerts.as_array()) {
      const boost::json::object& labels = alert.at("labels").as_object();
      out.insert(std::string{labels.at("crm").as_string()} + " " + std::string{labels.at("alertname").as_string()});
    }
    return out;
  }

 private:
  TempDir directory_;
  std::string base_;
  pid_t child_ = -1;
};

using Names = std::set<std::string>;

}  // namespace

TEST_CASE("an Alertmanager that was away for an hour has the right state a minute after it is back") {
  const unsigned short port = unused_port();
  const auto receiver =
      receiver_from(fmt::format("{{name: am, type: alertmanager, url: \"http://127.0.0.1:{}\"}}", port));
  DeliveryBench bench{{DeliveryBench::named("am", receiver)}};
  bench.thread().run([&] { bench.clock().set(wall_now()); });
  const auto tell = [&](const std::string& crm, std::int64_t seq, const std::string& event) {
    bench.tell({bench.row("am", "crm/" + crm, seq, event, message(event, {.crm = crm}).body)});
    bench.quiet();
  };
  std::optional<Alertmanager> server{std::in_place, port};
  tell("stays", 1, "incident.opened");
  tell("recovers", 1, "incident.opened");
  const Names before{"stays CrmPoor", "stays CrmSubHealthy", "recovers CrmPoor", "recovers CrmSubHealthy"};
  CHECK(eventually([&] { return server->firing() == before; }));

  server.reset();
  for (int minute = 0; minute < 60; ++minute) {
    if (minute == 10) tell("recovers", 2, "incident.resolved");
    if (minute == 20) tell("falls", 1, "incident.opened");
    if (minute == 30) tell("comes-and-goes", 1, "incident.opened");
    if (minute == 40) tell("comes-and-goes", 2, "incident.resolved");
    bench.pass(1min);
  }
  CHECK(bench.count(DeliveryStatus::dead) == 0);

  // Its clock has stood still meanwhile, as far as the collector can see: an hour's difference.
  server.emplace(port);
  bench.pass(1min);
  bench.pass(1s);
  bench.pass(1s);
  const Names after{"stays CrmPoor", "stays CrmSubHealthy", "falls CrmPoor", "falls CrmSubHealthy"};
  CHECK(eventually([&] { return server->firing() == after; }));
  tell("stays", 2, "incident.resolved");
  tell("falls", 2, "incident.improved");
  bench.pass(1s);
  CHECK(eventually([&] { return server->firing() == Names{"falls CrmSubHealthy"}; }));
  // Ends that nobody needs any more come late, and change nothing.
  bench.pass(16min);
  CHECK(bench.count(DeliveryStatus::pending) == 0);
  CHECK(server->firing() == Names{"falls CrmSubHealthy"});
}
