// Write tests over HTTP against a CRM in memory: what they tell, and that they leave nothing behind.

#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "probes/write_test/left_overs.h"
#include "probes/write_test/until.h"
#include "tests/probes/write_test/transaction_fixture.h"

using namespace crmpulse;
using namespace crmpulse::test;
using namespace crmpulse::probes;

namespace {

const std::string kOurMarker = "zz-crm-health-probe a1";

/// What the agent must never touch.
const std::map<std::string, FakeRecord> kOthers{{"1", {"zz-crm-health-probe a10 00000000000000aa"}},
                                                {"2", {"zz-crm-health-probe a1 b 00000000000000aa"}},
                                                {"3", {"zz-crm-health-probe a1-fan"}},
                                                {"4", {"about zz-crm-health-probe a1 00000000000000aa"}},
                                                {"5", {"Ada"}}};

bool others_are_untouched(const FakeCrm& crm) {
  return std::all_of(kOthers.begin(), kOthers.end(), [&](const auto& other) {
    const auto found = crm.records.find(other.first);
    return found != crm.records.end() && found->second.text == other.second.text;
  });
}

std::vector<std::filesystem::path> files_in(const std::string& state_dir) {
  std::vector<std::filesystem::path> out;
  for (const auto& entry : std::filesystem::directory_iterator{state_dir + "/test-records"})
    out.push_back(entry.path());
  return out;
}

std::filesystem::path ledger_in(const std::string& state_dir) {
  for (const auto& file : files_in(state_dir)) {
    if (file.extension() != ".lock") return file;
  }
  FAIL("no ledger");
  return {};
}

/// Runs until an intent can be trusted to be over: nothing may be left then.
void settle(FakeAgent& agent) {
  for (int run = 0; run < 4; ++run) {
    (void)agent.run();
    agent.pass(agent.timeout());
  }
}

}  // namespace

TEST_CASE("a write test tells its steps, how long a write is invisible, and how fast it wrote") {
  FakeCrm crm;
  const FastDir directory;
  FakeAgent agent{crm, directory.path()};
  crm.search_lag = 3;
  const auto result = agent.run();
  REQUIRE(result);
  CHECK(failure_of(result) == "none");
  std::vector<std::string> steps;
  for (const auto& [name, seconds] : result->steps) {
    steps.push_back(name);
    CHECK(seconds == Approx(0.25));
  }
  CHECK(steps == std::vector<std::string>{"create", "read", "find", "update", "delete", "gone"});
  CHECK(sample_of(result, "crm_write_visible_seconds") == Approx(0.2 + 0.4 + 0.8));
  CHECK(sample_of(result, "crm_records_per_second") == Approx(4.0));
  CHECK(sample_of(result, "crm_agent_transaction_disabled") == 0.0);
  CHECK(result->calls == 10);
  CHECK(crm.records.empty());
  CHECK(crm.log.front() == "GET /leads");
  (void)agent.run();
  CHECK(crm.log.at(10) == "POST /leads");
}

TEST_CASE("the ledger says what is about to happen before it happens, to nobody else") {
  FakeCrm crm;
  const FastDir directory;
  FakeAgent agent{crm, directory.path()};
  std::vector<std::size_t> lines;
  crm.on_call = [&] {
    std::ifstream file{ledger_in(directory.path())};
    lines.push_back(0);
    for (std::string line; std::getline(file, line);) ++lines.back();
  };
  REQUIRE(failure_of(agent.run()) == "none");
  // sweep, create, read, find, update, delete, gone
  CHECK(lines == std::vector<std::size_t>{0, 1, 2, 2, 2, 2, 2});
  struct stat status{};
  REQUIRE(::stat((directory.path() + "/test-records").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0700);
  for (const auto& file : files_in(directory.path())) {
    REQUIRE(::stat(file.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
  }
}

TEST_CASE("a failed step is told, and the record is removed all the same") {
  FakeCrm crm;
  const FastDir directory;
  FakeAgent agent{crm, directory.path()};
  crm.refuse["PATCH /lead"] = 500;
  const auto result = agent.run();
  CHECK(failure_of(result) == "response/server_error");
  CHECK(message_of(result) == "step update: status 500");
  CHECK(crm.records.empty());
  CHECK_FALSE(agent.test().has_left_overs());
}

TEST_CASE("a record that searches do not find in time is a failure, and is removed") {
  FakeCrm crm;
  FakeAgent agent{crm, {}};
  crm.search_lag = 1000;
  const auto result = agent.run();
  CHECK(failure_of(result) == "response/timeout");
  CHECK(message_of(result) == "step find: not visible to searches after 20 s");
  CHECK(crm.records.empty());
  CHECK_FALSE(sample_of(result, "crm_write_visible_seconds"));
}

TEST_CASE("the last quarter of the time is for cleaning up") {
  FakeCrm crm;
  FakeAgent agent{crm, {}};
  const SteadyTime start = agent.now();
  REQUIRE(failure_of(agent.run()) == "none");
  REQUIRE(crm.log.size() == 7);
  CHECK(crm.deadlines[1] == start + 45s);
  CHECK(crm.log[5] == "DELETE /leads");
  CHECK(crm.deadlines[5] == start + 60s);
}

TEST_CASE("a create that is refused leaves nothing to look for, one that is not answered does") {
  FakeCrm crm;
  const FastDir directory;
  FakeAgent agent{crm, directory.path()};
  crm.refuse["POST /leads"] = 403;
  CHECK(message_of(agent.run()) == "step create: status 403");
  CHECK_FALSE(agent.test().has_left_overs());
  crm.refuse.clear();
  crm.unanswered["POST /leads"] = Stage::connect;
  CHECK(failure_of(agent.run()) == "connect/timeout");
  CHECK_FALSE(agent.test().has_left_overs());
  crm.unanswered["POST /leads"] = Stage::request;
  CHECK(failure_of(agent.run()) == "request/timeout");
  CHECK(agent.test().has_left_overs());
}

TEST_CASE("whenever the agent dies, the next starts leave no record and touch nobody else's") {
  const int calls = 7;        // of a whole run with its sweep
  const int more_calls = 12;  // of one that removes left-overs and waits for the search
  for (int first = 0; first < calls; ++first) {
    for (const Fate fate : {Fate::lost_before, Fate::lost_after, Fate::lost_late}) {
      for (int second = -1; second < more_calls; ++second) {  // -1: the run after the crash is let alone
        for (const Fate again : {Fate::lost_before, Fate::lost_after, Fate::lost_late}) {
          for (const int lag : {0, 2}) {
            FakeCrm crm;
            crm.records = kOthers;
            crm.search_lag = lag;
            const FastDir directory;
            FakeAgent agent{crm, directory.path()};
            crm.fatal_call = first;
            crm.fate = fate;
            REQUIRE(failure_of(agent.run()) == "lost");
            agent.die();
            crm.revive();
            agent.pass(1s);
            agent.start();
            crm.fatal_call = second;
            crm.fate = again;
            (void)agent.run();
            if (crm.dead) agent.die();
            crm.revive();
            crm.finish_late();
            agent.pass(1s);
            agent.start();
            settle(agent);
            INFO("call " << first << " fate " << int(fate) << ", then call " << second << " fate " << int(again)
                         << ", lag " << lag);
            REQUIRE(crm.records.size() == kOthers.size());
            REQUIRE(others_are_untouched(crm));
            REQUIRE_FALSE(agent.test().has_left_overs());
          }
        }
      }
    }
  }
}

TEST_CASE("the first run after a crash removes a record whose creation was over") {
  for (int call = 1; call < 7; ++call) {
    for (const Fate fate : {Fate::lost_before, Fate::lost_after}) {
      FakeCrm crm;
      crm.records = kOthers;
      const FastDir directory;
      FakeAgent agent{crm, directory.path()};
      crm.fatal_call = call;
      crm.fate = fate;
      REQUIRE(failure_of(agent.run()) == "lost");
      agent.die();
      crm.revive();
      agent.start();
      INFO("call " << call << " fate " << int(fate));
      CHECK(failure_of(agent.run()) == "none");
      CHECK(crm.records.size() == kOthers.size());
    }
  }
}

TEST_CASE("a ledger cut off at any byte, or with any byte changed, loses no record") {
  FakeCrm reference;
  const FastDir reference_directory;
  FakeAgent victim{reference, reference_directory.path()};
  reference.fatal_call = 2;  // the record exists, its id is on disk
  reference.fate = Fate::lost_before;
  REQUIRE(failure_of(victim.run()) == "lost");
  victim.die();
  std::ifstream file{ledger_in(reference_directory.path())};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  REQUIRE(text.size() > 60);
  for (std::size_t at = 0; at <= 2 * text.size(); ++at) {
    FakeCrm crm;
    crm.records = reference.records;
    crm.records.insert(kOthers.begin(), kOthers.end());
    const FastDir directory;
    FakeAgent agent{crm, directory.path()};
    (void)agent.run();  // makes the file
    agent.die();
    crm.records.insert(reference.records.begin(), reference.records.end());
    std::string damaged = text.substr(0, std::min(at, text.size()));
    if (at > text.size()) {
      damaged = text;
      damaged[at - text.size() - 1] = static_cast<char>(damaged[at - text.size() - 1] ^ 0x11);
    }
    std::ofstream{ledger_in(directory.path()), std::ios::trunc} << damaged;
    agent.start();
    INFO("byte " << at);
    CHECK(failure_of(agent.run()) == "none");
    CHECK(crm.records.size() == kOthers.size());
    CHECK(others_are_untouched(crm));
  }
}

TEST_CASE("an intent without id stays open until a record can no longer appear") {
  FakeCrm crm;
  const FastDir directory;
  FakeAgent agent{crm, directory.path()};
  crm.fatal_call = 1;
  crm.fate = Fate::lost_late;
  REQUIRE(failure_of(agent.run()) == "lost");
  agent.die();
  crm.revive();
  agent.start();
  CHECK(failure_of(agent.run()) == "none");
  CHECK(agent.test().has_left_overs());
  crm.finish_late();  // only now does the record appear
  CHECK(crm.count(kOurMarker) == 1);
  agent.pass(30s);
  CHECK(failure_of(agent.run()) == "none");
  CHECK(crm.count(kOurMarker) == 0);
  CHECK_FALSE(agent.test().has_left_overs());
}

TEST_CASE("an id is believed without the record in sight, but not for long, and not when it is somebody else's") {
  const TimePoint now{std::chrono::seconds{1'795'000'000}};
  const std::vector<SweptRow> none;
  const auto left = [&](Duration age, const std::vector<SweptRow>& rows) {
    return find_left_overs({{"00000000000000aa", "57", now - age}}, &rows, kOurMarker, now, 2min);
  };
  CHECK(left(1min, none).remove.size() == 1);
  CHECK(left(30min, none).remove.size() == 1);
  CHECK(left(2h, none).remove.empty());
  CHECK(left(2h, none).gone.size() == 1);
  CHECK(left(30min, {{"57", "zz-crm-health-probe a10 00000000000000aa"}}).remove.empty());
  CHECK(left(2h, {{"57", "zz-crm-health-probe a1 00000000000000aa"}}).remove.size() == 1);
  const auto by_id = left(2h, {{"57", "zz-crm-health-probe a1"}});  // a marker of its own, without the run
  REQUIRE(by_id.remove.size() == 1);
  CHECK(by_id.remove.front().run_id == "00000000000000aa");
  CHECK(find_left_overs({{"00000000000000aa", "57", now - 2h}}, nullptr, kOurMarker, now, 2min).remove.size() == 1);
}

TEST_CASE("only the marker with this agent's whole name, alone or with a run id, is ours") {
  CHECK(is_ours("zz-crm-health-probe a1", kOurMarker));
  CHECK(is_ours("zz-crm-health-probe a1 0123456789abcdef", kOurMarker));
  CHECK(is_ours("zz-crm-health-probe a1 0123456789abcdef, updated", kOurMarker));
  CHECK(run_id_in("zz-crm-health-probe a1 0123456789abcdef 2", kOurMarker) == "0123456789abcdef");
  for (const char* text : {"zz-crm-health-probe a10", "zz-crm-health-probe a1 b", "zz-crm-health-probe a1-b", "a1", "",
                           "zz-crm-health-probe a1 b 0123456789abcdef", "zz-crm-health-probe a1 0123456789abcdef0",
                           " zz-crm-health-probe a1", "zz-crm-health-probe a1 0123456789ABCDEF"}) {
    INFO(text);
    CHECK_FALSE(is_ours(text, kOurMarker));
  }
}

TEST_CASE("two failed clean-ups in a row switch a write test off, a restart after which they work switches it on") {
  FakeCrm crm;
  const FastDir directory;
  FakeAgent agent{crm, directory.path()};
  crm.refuse["DELETE /leads"] = 500;
  auto result = agent.run();
  CHECK(failure_of(result) == "cleanup/server_error");
  CHECK(sample_of(result, "crm_agent_transaction_disabled") == 0.0);
  result = agent.run();
  CHECK(failure_of(result) == "cleanup/server_error");
  CHECK(sample_of(result, "crm_agent_transaction_disabled") == 1.0);
  CHECK(crm.count(kOurMarker) == 1);
  crm.log.clear();
  result = agent.run();
  CHECK(failure_of(result) == "cleanup/skipped");
  CHECK(message_of(result) ==
        "switched itself off after two failed clean-ups: remove the records named zz-crm-health-probe a1 … and restart "
        "the agent");
  CHECK(sample_of(result, "crm_agent_transaction_disabled") == 1.0);
  CHECK(crm.log.empty());

  agent.start();  // still broken: nothing new is made
  result = agent.run();
  CHECK(failure_of(result) == "cleanup/server_error");
  CHECK(sample_of(result, "crm_agent_transaction_disabled") == 1.0);
  CHECK(crm.count(kOurMarker) == 1);
  CHECK(failure_of(agent.run()) == "cleanup/skipped");

  crm.refuse.clear();
  agent.start();
  result = agent.run();
  CHECK(failure_of(result) == "none");
  CHECK(sample_of(result, "crm_agent_transaction_disabled") == 0.0);
  CHECK(crm.records.empty());
}

TEST_CASE("one failed clean-up is forgiven once the record is gone") {
  FakeCrm crm;
  FakeAgent agent{crm, {}};
  for (int round = 0; round < 4; ++round) {
    crm.refuse["DELETE /leads"] = 500;
    CHECK(failure_of(agent.run()) == "cleanup/server_error");
    crm.refuse.clear();
    CHECK(failure_of(agent.run()) == "none");
    CHECK(crm.records.empty());
  }
}

TEST_CASE("a CRM that is down switches nothing off and gets no new record until the old one is found") {
  FakeCrm crm;
  const FastDir directory;
  FakeAgent agent{crm, directory.path()};
  REQUIRE(failure_of(agent.run()) == "none");
  for (const char* what : {"GET /lead", "GET /leads", "DELETE /leads", "PATCH /lead"})
    crm.unanswered[what] = Stage::connect;
  const auto result = agent.run();
  CHECK(failure_of(result) == "cleanup/timeout");
  CHECK(crm.count(kOurMarker) == 1);
  for (int run = 0; run < 5; ++run) {
    agent.pass(5min);
    const auto down = agent.run();
    CHECK(failure_of(down) == "connect/timeout");
    CHECK(sample_of(down, "crm_agent_transaction_disabled") == 0.0);
    CHECK(crm.count(kOurMarker) == 1);
  }
  crm.unanswered.clear();
  CHECK(failure_of(agent.run()) == "none");
  CHECK(crm.records.empty());
}

TEST_CASE("creates that are never answered stop at the cap until nothing can appear any more") {
  FakeCrm crm;
  const FastDir directory;
  FakeAgent agent{crm, directory.path()};
  crm.unanswered["POST /leads"] = Stage::request;
  for (int run = 0; run < 5; ++run) CHECK(failure_of(agent.run()) == "request/timeout");
  const auto result = agent.run();
  CHECK(failure_of(result) == "request/skipped");
  CHECK(message_of(result) == "5 test records of ours are still there; not creating more");
  crm.unanswered.clear();
  agent.pass(2 * agent.timeout());
  CHECK(failure_of(agent.run()) == "none");
}

TEST_CASE("a CRM that only says it removes never holds more than the cap of our records") {
  FakeCrm crm;
  FakeAgent agent{crm, {}};
  crm.deletes_lie = true;
  for (int run = 0; run < 30; ++run) {
    (void)agent.run();
    agent.pass(5min);
    CHECK(crm.count(kOurMarker) <= 5);
  }
  CHECK(failure_of(agent.run()) == "request/skipped");
  crm.deletes_lie = false;
  (void)agent.run();
  CHECK(failure_of(agent.run()) == "none");
  CHECK(crm.records.empty());
}

TEST_CASE("without a sweep the ids in the ledger are removed") {
  Measurement measurement = lead_test();
  measurement.sweep.reset();
  for (int call = 0; call < 6; ++call) {
    FakeCrm crm;
    const FastDir directory;
    FakeAgent agent{crm, directory.path(), measurement};
    crm.fatal_call = call;
    crm.fate = Fate::lost_before;
    REQUIRE(failure_of(agent.run()) == "lost");
    agent.die();
    crm.revive();
    agent.start();
    CHECK(failure_of(agent.run()) == "none");
    CHECK(crm.records.empty());
  }
}

TEST_CASE("a write test that was switched off still removes what it left, and makes nothing") {
  FakeCrm crm;
  const FastDir directory;
  FakeAgent agent{crm, directory.path()};
  CHECK_FALSE(agent.test().has_left_overs());
  crm.fatal_call = 2;
  crm.fate = Fate::lost_before;
  REQUIRE(failure_of(agent.run()) == "lost");
  agent.die();
  crm.revive();
  agent.start();
  REQUIRE(agent.test().has_left_overs());
  CHECK(failure_of(agent.run(true)) == "none");
  CHECK(crm.records.empty());
  CHECK_FALSE(agent.test().has_left_overs());
  CHECK(crm.log == std::vector<std::string>{"GET /leads", "DELETE /leads", "GET /leads"});
}

TEST_CASE("two agents' processes never run one write test at a time") {
  FakeCrm crm;
  const FastDir directory;
  FakeAgent one{crm, directory.path()};
  FakeAgent other{crm, directory.path()};
  bool asked = false;
  crm.on_call = [&] {
    if (std::exchange(asked, true)) return;
    const auto result = other.run();
    CHECK(failure_of(result) == "request/skipped");
    CHECK(message_of(result) == "another run of this write test is under way");
  };
  CHECK(failure_of(one.run()) == "none");
  CHECK(failure_of(other.run()) == "none");
}

TEST_CASE("a ledger that cannot be written keeps records from being made") {
  FakeCrm crm;
  const FastDir directory;
  std::ofstream{directory.path() + "/file"} << "no directory";
  FakeAgent agent{crm, directory.path() + "/file"};
  const auto result = agent.run();
  CHECK(failure_of(result) == "request/internal");
  CHECK_THAT(message_of(result), Catch::Contains("the ledger of test records: cannot"));
  CHECK(crm.log.empty());
}

TEST_CASE("a ledger names its system, and stays small") {
  const std::string file = ledger_file("/state", "../a b", "lead", "https://one");
  CHECK_THAT(file, Catch::StartsWith("/state/test-records/__%2Fa%20b-lead-"));
  CHECK(file != ledger_file("/state", "../a b", "lead", "https://two"));
  CHECK(ledger_file("", "a", "b", "c").empty());

  const FastDir directory;
  const std::string path = directory.path() + "/records/ledger";
  TransactionLedger ledger{path};
  REQUIRE(ledger.open().value());
  REQUIRE(ledger.intend("00000000000000ff", TimePoint{1000ms}).has_value());
  REQUIRE(ledger.name("00000000000000ff", "a b%\n/中").has_value());
  for (int run = 0; run < 1000; ++run) {
    const std::string run_id = fmt::format("{:016x}", run);
    if (run == 255) continue;
    REQUIRE(ledger.intend(run_id, TimePoint{2000ms}).has_value());
    REQUIRE(ledger.gone(run_id).has_value());
  }
  REQUIRE(ledger.count_failed(1).has_value());
  ledger.close();
  const auto before = std::filesystem::file_size(path);
  REQUIRE(ledger.open().value());
  CHECK(std::filesystem::file_size(path) < before / 100);
  CHECK(ledger.records() == std::vector<OpenRecord>{{"00000000000000ff", "a b%\n/中", TimePoint{1000ms}}});
  CHECK(ledger.failed_clean_ups() == 1);
  REQUIRE(ledger.gone("00000000000000ff").has_value());
  ledger.close();
  REQUIRE(ledger.open().value());
  CHECK(ledger.records().empty());
}

TEST_CASE("until holds when the answer shows it") {
  CHECK(holds({"/total", 0.0, {}, 1s}, R"({"total": 1})"));
  CHECK(holds({"/total", 0.0, {}, 1s}, R"({"total": "1"})"));
  CHECK(holds({"/data", 0.0, {}, 1s}, R"({"data": [1]})"));
  CHECK(holds({"/data/0/id", {}, "7", 1s}, R"({"data": [{"id": 7}]})"));
  CHECK(holds({"/state", {}, "open", 1s}, R"({"state": "open"})"));
  CHECK_FALSE(holds({"/total", 0.0, {}, 1s}, R"({"total": 0})"));
  CHECK_FALSE(holds({"/total", 0.0, {}, 1s}, R"({"total": null})"));
  CHECK_FALSE(holds({"/data/0/id", {}, "7", 1s}, R"({"data": []})"));
  CHECK_FALSE(holds({"/total", 0.0, {}, 1s}, "<html>"));
  CHECK_FALSE(holds({"/total", 0.0, {}, 1s}, ""));
}
