#include "collector/message/fault.h"

#include <catch2/catch.hpp>
#include <memory>

#include "core/failure/failure.h"

using namespace crmpulse;
using namespace crmpulse::collector;

namespace {

const TimePoint kNow = from_unix_millis(1'790'000'000'000);

CrmFacts failing(const std::string& kind, const std::string& stage, const std::string& reason,
                 Duration ago = Duration{}) {
  CrmFacts facts;
  facts.kind = kind;
  facts.transport = kind == "salesforce" || kind == "hubspot" ? "http" : "sql";
  facts.failures[{"read", "branch-1"}] = {stage, reason, "", "branch-1", kNow - ago};
  return facts;
}

rules::CrmStatus status(const std::string& dimension) {
  rules::CrmStatus made;
  made.data_status = DataStatus::fresh;
  made.state = Level::poor;
  rules::RuleStatus rule;
  rule.dimension = dimension;
  rule.level = Level::poor;
  made.rules.push_back(rule);
  return made;
}

}  // namespace

TEST_CASE("a failure's stage and reason say whose fault it looks like") {
  struct Case {
    const char* kind;
    const char* stage;
    const char* reason;
    const char* verdict;
  };
  const auto cases = {Case{"tryton", "connect", "refused", "database"},
                      Case{"salesforce", "connect", "refused", "vendor"},
                      Case{"tryton", "resolve", "timeout", "network"},
                      Case{"salesforce", "resolve", "missing", "network"},
                      Case{"odoo", "auth", "credentials", "credentials"},
                      Case{"hubspot", "request", "rate_limited", "quota"},
                      Case{"hubspot", "response", "quota", "quota"},
                      Case{"salesforce", "tls", "certificate", "vendor"},
                      Case{"suitecrm", "request", "missing", "database"},
                      Case{"salesforce", "response", "maintenance", "vendor"},
                      Case{"salesforce", "response", "server_error", "vendor"},
                      Case{"tryton", "connect", "unreachable", "network"},
                      Case{"http", "content", "bad_content", "vendor"},
                      Case{"http", "request", "skipped", "agent"},
                      Case{"http", "cleanup", "internal", "unknown"},
                      Case{"tryton", "auth", "permission", "credentials"}};
  for (const Case& one : cases) {
    INFO(one.kind << " " << one.stage << " " << one.reason);
    const CrmFacts facts = failing(one.kind, one.stage, one.reason);
    const Fault fault = judge_fault(status("availability"), &facts, kNow, nullptr);
    CHECK(fault.verdict == one.verdict);
    CHECK_FALSE(fault.why_en.empty());
    CHECK_FALSE(fault.why_zh.empty());
  }
}

TEST_CASE("every stage and reason gets a sentence in both languages, with its place filled") {
  for (int stage = 0; stage <= static_cast<int>(Stage::cleanup); ++stage) {
    for (int reason = 0; reason <= static_cast<int>(Reason::internal); ++reason) {
      for (const char* kind : {"tryton", "salesforce"}) {
        const CrmFacts facts = failing(kind, std::string{to_string(static_cast<Stage>(stage))},
                                       std::string{to_string(static_cast<Reason>(reason))});
        const Fault fault = judge_fault(status("availability"), &facts, kNow, nullptr);
        CHECK_FALSE(fault.why_en.empty());
        CHECK(fault.why_en.find("{}") == std::string::npos);
        CHECK(fault.why_zh.find("{}") == std::string::npos);
      }
    }
  }
}

TEST_CASE("an old failure does not speak, the failing dimension does") {
  const CrmFacts facts = failing("tryton", "connect", "refused", std::chrono::minutes{16});
  CHECK(judge_fault(status("data_quality"), &facts, kNow, nullptr).verdict == "data");
  CHECK(judge_fault(status("quota"), &facts, kNow, nullptr).verdict == "quota");
  CHECK(judge_fault(status("process"), &facts, kNow, nullptr).verdict == "automation");
  CHECK(judge_fault(status("availability"), nullptr, kNow, nullptr).verdict == "unknown");
}

TEST_CASE("slow calls are laid to where their time goes") {
  CrmFacts facts;
  facts.kind = "salesforce";
  facts.transport = "http";
  facts.phases["read"] = {{"dns", 1.0}, {"connect", 1.0}, {"tls", 0.5}, {"first_byte", 0.5}};
  CHECK(judge_fault(status("latency"), &facts, kNow, nullptr).verdict == "network");
  facts.phases["login"] = {{"connect", 0.2}};  // quick, so it does not count
  facts.phases["read"] = {{"dns", 0.01}, {"connect", 0.1}, {"first_byte", 3.5}};
  CHECK(judge_fault(status("latency"), &facts, kNow, nullptr).verdict == "vendor");
  facts.kind = "tryton";
  facts.transport = "sql";
  CHECK(judge_fault(status("latency"), &facts, kNow, nullptr).verdict == "database");
}

TEST_CASE("silence is the agent's, a vendor's incident outweighs our own failures") {
  rules::CrmStatus silent = status("availability");
  silent.data_status = DataStatus::no_data;
  CrmFacts facts = failing("salesforce", "resolve", "timeout");
  CHECK(judge_fault(silent, &facts, kNow, nullptr).verdict == "agent");
  facts.vendor["NA45"] = {2, kNow, kNow - std::chrono::minutes{10}, {}};
  const Fault fault = judge_fault(status("availability"), &facts, kNow, nullptr);
  CHECK(fault.verdict == "vendor");
  CHECK(fault.why_en == "the vendor's status page reports a minor incident on NA45 since 14:03 UTC");
}

namespace {

/// A book of CRMs as agents see them; the one in question is `acme`.
class Scene {
 public:
  explicit Scene(const std::string& kind = "salesforce") { of("acme", kind); }

  CrmFacts& of(const std::string& crm, const std::string& kind) {
    CrmFacts& facts = book[book.index_of(crm, kind)];
    facts.transport = kind == "tryton" ? "sql" : "http";
    return facts;
  }
  Scene& fails(const std::string& stage, const std::string& reason, const std::string& text = "",
               const std::string& agent = "branch-1", Duration ago = Duration{}) {
    book.find("acme")->failures[{"read", agent}] = {stage, reason, text, agent, kNow - ago};
    return down("acme", "salesforce", agent, ago);
  }
  Scene& works(const std::string& agent, Duration ago = Duration{}) {
    book.find("acme")->successes[{"read", agent}] = {kNow - ago, std::chrono::minutes{1}};
    book.find("acme")->sights[agent] = {true, kNow - ago, kNow - std::chrono::hours{1}, std::chrono::minutes{1}};
    return *this;
  }
  Scene& down(const std::string& crm, const std::string& kind, const std::string& agent = "branch-1",
              Duration since = Duration{}) {
    of(crm, book.find(crm) != nullptr ? book.find(crm)->kind : kind).sights[agent] = {false, kNow, kNow - since,
                                                                                      std::chrono::minutes{1}};
    return *this;
  }
  Scene& up(const std::string& crm, const std::string& kind, const std::string& agent = "branch-1") {
    of(crm, kind).sights[agent] = {true, kNow, kNow - std::chrono::hours{1}, std::chrono::minutes{1}};
    return *this;
  }
  Scene& neutral(bool works, const std::string& agent = "branch-1", Duration ago = Duration{}) {
    return place("crm_agent_connectivity_success", FactKind::connectivity, agent, works ? 1 : 0, ago);
  }
  Scene& heartbeat(Duration ago, const std::string& agent = "branch-1") {
    return place("crm_agent_heartbeat_timestamp_seconds", FactKind::heartbeat, agent, 1, ago);
  }
  Scene& vendor(double value, Duration ago = Duration{}) {
    book.find("acme")->vendor["NA45"] = {value, kNow - ago, kNow - ago, std::chrono::minutes{5}};
    return *this;
  }
  Scene& paused(Duration ahead) {
    book.find("acme")->paused_until = kNow + ahead;
    return *this;
  }
  Scene& stretched(double ratio) {
    book.find("acme")->stretch = ratio;
    return *this;
  }
  [[nodiscard]] Fault judge(const std::string& dimension = "availability", DataStatus data = DataStatus::fresh) const {
    rules::CrmStatus made = status(dimension);
    made.crm = "acme";
    made.data_status = data;
    return judge_fault(made, book.find("acme"), kNow, &book);
  }

  /// A copy of a scene is the same scene: what a CRM's facts hold cannot be copied.
  std::shared_ptr<CrmRegistry> kept = std::make_shared<CrmRegistry>();
  CrmRegistry& book = *kept;

 private:
  Scene& place(const char* metric, FactKind duty, const std::string& agent, double value, Duration ago) {
    Series series = make_series(wire::series_key(metric, {{"agent", agent}}));
    series.duty = duty;
    book.observe(series, kNow - ago, value);
    return *this;
  }
};

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

}  // namespace

TEST_CASE("what is known around a failure decides whose fault it looks like") {
  struct Case {
    const char* what;
    Scene scene;
    const char* verdict;
    const char* why;  ///< part of it
  };
  const std::vector<Case> cases{
      {"its own network", Scene{}.fails("connect", "timeout").neutral(false), "network",
       "agent branch-1 does not reach its neutral target either"},
      {"resolver and neutral target fail", Scene{}.fails("resolve", "missing").neutral(false), "network", "neutral"},
      {"the neutral target works", Scene{}.fails("connect", "timeout").neutral(true), "vendor",
       "while agent branch-1 reaches its neutral target"},
      {"no answer in time, the neutral target works", Scene{}.fails("response", "timeout").neutral(true), "vendor",
       "(response/timeout)"},
      {"a neutral target that was asked long ago says nothing",
       Scene{}.fails("connect", "timeout").neutral(false, "branch-1", minutes{20}), "network", "cannot be reached"},
      {"another agent's neutral target says nothing", Scene{}.fails("connect", "timeout").neutral(false, "branch-2"),
       "network", "cannot be reached from the agent"},
      {"refused: the network works, whatever the neutral target says",
       Scene{}.fails("connect", "refused").neutral(false), "vendor", "refuses connections"},
      {"another agent succeeds", Scene{}.fails("connect", "timeout").works("branch-2"), "network",
       "agent branch-1 sees it, agent branch-2 does not: the network of branch-1"},
      {"another agent succeeds, within two intervals",
       Scene{}.fails("tls", "certificate").works("branch-2", minutes{2}), "network", "branch-2 does not"},
      {"another agent succeeded too long ago", Scene{}.fails("connect", "refused").works("branch-2", minutes{3}),
       "vendor", "refuses connections"},
      {"another agent fails as well", Scene{}.fails("connect", "refused").fails("connect", "refused", "", "branch-2"),
       "vendor", "agents branch-1, branch-2 all see it"},
      {"another agent's success does not excuse a password", Scene{}.fails("auth", "credentials").works("branch-2"),
       "credentials", "credentials"},
      {"three of four of the kind at once",
       Scene{}
           .fails("connect", "timeout")
           .down("b", "salesforce")
           .down("c", "salesforce", "branch-2")
           .up("d", "salesforce"),
       "vendor", "3 of 4 salesforce CRMs began to fail within five minutes"},
      {"logins of all of the kind fail at once",
       Scene{}.fails("auth", "credentials").down("b", "salesforce").down("c", "salesforce"), "vendor",
       "3 of 3 salesforce CRMs"},
      {"three of six of the kind are too few",
       Scene{}
           .fails("auth", "credentials")
           .down("b", "salesforce")
           .down("c", "salesforce")
           .up("d", "salesforce")
           .up("e", "salesforce")
           .up("f", "salesforce"),
       "credentials", "credentials"},
      {"the others of the kind fail since yesterday",
       Scene{}
           .fails("auth", "credentials")
           .down("b", "salesforce", "branch-1", hours{20})
           .down("c", "salesforce", "branch-1", hours{20}),
       "credentials", "credentials"},
      {"other kinds do not count", Scene{}.fails("auth", "credentials").down("b", "hubspot").down("c", "hubspot"),
       "credentials", "credentials"},
      {"the agent reaches none of its CRMs",
       Scene{}.fails("connect", "timeout").down("b", "hubspot").down("c", "tryton"), "network",
       "agent branch-1 reaches none of its 3 CRMs"},
      {"the agent reaches one of its CRMs",
       Scene{}.fails("connect", "timeout").down("b", "hubspot").down("c", "tryton").up("d", "zoho"), "network",
       "cannot be reached from the agent"},
      {"the vendor's incident", Scene{}.fails("connect", "timeout").vendor(3), "vendor", "a major incident on NA45"},
      {"the vendor's maintenance", Scene{}.fails("response", "server_error").vendor(1), "vendor",
       "maintenance on NA45"},
      {"the vendor's maintenance does not excuse what it does not touch", Scene{}.fails("content", "missing").vendor(1),
       "data", "is not there"},
      {"a vendor's word of two hours ago", Scene{}.fails("response", "server_error").vendor(3, hours{2}), "vendor",
       "answers read with an error"},
      {"an application that blames its database",
       Scene{"tryton-rpc"}.fails("response", "server_error", "OperationalError: could not connect to server"),
       "database", "the application answers"},
      {"an application that blames nobody", Scene{"tryton-rpc"}.fails("response", "server_error", "KeyError"), "vendor",
       "answers read with an error"},
      {"the allowance", Scene{}.fails("response", "quota"), "quota", "allowance is used up"},
      {"the rate", Scene{}.fails("response", "rate_limited").neutral(true), "quota", "rate of calls"},
      {"the monitoring account's rights", Scene{}.fails("response", "permission"), "credentials",
       "lacks the right to read"},
      {"an old failure of a stretched interval still speaks",
       Scene{}.fails("auth", "credentials", "", "branch-1", hours{2}).stretched(60), "credentials", "credentials"},
  };
  for (const Case& one : cases) {
    INFO(one.what);
    const Fault fault = one.scene.judge();
    INFO(fault.why_en);
    CHECK(fault.verdict == one.verdict);
    CHECK(fault.why_en.find(one.why) != std::string::npos);
    CHECK_FALSE(fault.why_zh.empty());
    CHECK(fault.why_zh != fault.why_en);
  }
}

TEST_CASE("silence is laid to the agent, in words that say what is known of it") {
  const auto silent = [](Scene scene) { return scene.judge("availability", DataStatus::no_data); };
  const Fault lost = silent(Scene{}.works("branch-1", minutes{30}).heartbeat(minutes{30}));
  CHECK(lost.verdict == "agent");
  CHECK(lost.why_en == "agent branch-1 has not been heard of since 13:43 UTC");
  const Fault there = silent(Scene{}.works("branch-1", minutes{30}).heartbeat(seconds{30}));
  CHECK(there.verdict == "agent");
  CHECK(there.why_en == "agent branch-1 is there, but has not reported about this CRM since 13:43 UTC");
  CHECK(silent(Scene{}).verdict == "agent");
  const Fault paused = silent(Scene{}.works("branch-1", minutes{30}).paused(minutes{20}));
  CHECK(paused.verdict == "quota");
  CHECK(paused.why_en == "the CRM wants to be left alone until 14:33 UTC, so nothing is asked");
}

TEST_CASE("of several failures the one is shown that explains the others") {
  Scene scene;
  scene.fails("auth", "credentials", "", "branch-1", minutes{1});
  scene.book.find("acme")->failures[{"scan", "branch-1"}] = {"content", "missing", "", "branch-1", kNow};
  CHECK(scene.judge().verdict == "credentials");
  scene.book.find("acme")->failures[{"login", "branch-1"}] = {"resolve", "missing", "", "branch-1", kNow - minutes{2}};
  CHECK(scene.judge().verdict == "network");
}

TEST_CASE("a success takes back its own agent's failure only") {
  CrmFacts facts;
  const auto observe = [&facts](const char* metric, const char* agent, TimePoint at) {
    Series series = make_series(wire::series_key(
        metric, {{"operation", "read"}, {"agent", agent}, {"stage", "connect"}, {"reason", "timeout"}}));
    facts.observe(series, at, 1);
  };
  observe("crm_failure", "a", kNow);
  observe("crm_failure", "b", kNow);
  observe("crm_operation_success", "b", kNow + seconds{30});
  CHECK(facts.failures.size() == 1);
  CHECK(facts.failures.contains({"read", "a"}));
  CHECK(facts.successes.contains({"read", "b"}));
}

TEST_CASE("a verdict keeps its cause for as long as what it explains lasts") {
  // Five answers of 503, then it works, while a share of the last hour is still bad.
  CrmFacts facts = failing("hubspot", "response", "server_error", Duration{std::chrono::minutes{40}});
  auto& [operation, failure] = *facts.failures.begin();
  rules::CrmStatus made = status("availability");
  made.incident = rules::IncidentStatus{"01", Level::poor, Level::poor, failure.at + std::chrono::minutes{1}};
  const auto verdict = [&] { return judge_fault(made, &facts, kNow, nullptr); };
  // Nobody has asked since (the agent pauses): it is still the newest word.
  CHECK(verdict().verdict == "vendor");
  facts.ended.insert(facts.failures.extract(facts.failures.begin()));
  for (const char* dimension : {"availability", "transactions", "something"}) {
    INFO(dimension);
    made.rules.at(0).dimension = dimension;
    CHECK(verdict().verdict == "vendor");
    CHECK(verdict().why_en.find("last at") != std::string::npos);
    CHECK(verdict().why_zh.find("最近一次") != std::string::npos);
  }
  // What another dimension says of itself goes before a failure that is over.
  made.rules.at(0).dimension = "staleness";
  CHECK(verdict().verdict == "data");
  // Another incident, later: the failure has nothing to do with it.
  made.rules.at(0).dimension = "availability";
  made.incident->opened = kNow - std::chrono::minutes{5};
  CHECK(verdict().verdict == "unknown");
  made.incident.reset();
  CHECK(verdict().verdict == "unknown");
}

TEST_CASE("only CRMs that one vendor runs fail together for its sake") {
  struct Case {
    const char* kind;
    bool of_vendor;
  };
  for (const Case& one : {Case{"http", false}, Case{"rest", false}, Case{"sql", false}, Case{"odoo-rpc", false},
                          Case{"espocrm-api", false}, Case{"salesforce", true}, Case{"zoho", true}}) {
    INFO(one.kind);
    CrmRegistry book;
    const char* const reasons[] = {"refused", "timeout", "unreachable"};
    for (int i = 0; i < 3; ++i) {
      CrmFacts& facts = book[book.index_of("site-" + std::to_string(i), one.kind)];
      facts.transport = "http";
      facts.failures[{"read", "branch-1"}] = {"connect", reasons[i], "", "branch-1", kNow};
      facts.sights["branch-1"] = {false, kNow, kNow - std::chrono::minutes{1}, std::chrono::seconds{30}};
    }
    const Fault fault = judge_fault(status("availability"), book.find("site-1"), kNow, &book);
    CHECK((fault.why_en.find("began to fail within five minutes") != std::string::npos) == one.of_vendor);
  }
}

TEST_CASE("a kind that the rules call a vendor's is one") {
  CrmRegistry book;
  book.set_vendor_kinds({"acme-cloud"});
  CHECK(book.is_of_vendor("acme-cloud"));
  CHECK_FALSE(book.is_of_vendor("salesforce"));
}
