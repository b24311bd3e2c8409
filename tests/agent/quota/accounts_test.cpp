// Entries of agent.yaml that are one account at their vendor.
#include "agent/quota/accounts.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "agent/quota/call_files.h"
#include "agent/quota/governors.h"
#include "tests/agent/support.h"

using namespace crmpulse;
using namespace crmpulse::agent;
using namespace crmpulse::agent::test;
using namespace std::chrono_literals;

namespace {

const TimePoint kNow = parse_time("2026-11-21T09:00:00Z").value();

const std::string kRecipe = R"yaml(
recipe: cloud
title: {en: Cloud, zh: 云}
transport: http
parameters:
  url: {type: url, required: true, help: {en: h, zh: h}}
  key: {type: secret, help: {en: h, zh: h}}
  daily_calls: {type: integer, default: 5000, help: {en: h, zh: h}}
auth:
  optional: true
  flows:
    bearer: {}
    basic: {}
    login: {request: {url: "${url}/login", json: {user: "${username}", password: "${password}"}}, token: /token}
allowance: {name: daily, per_day: "${daily_calls}"}
measurements:
  - {id: liveness, liveness: true, interval: 1h, request: {url: /alive}}
  - {id: deals, interval: 1h, request: {url: /deals}}
)yaml";

/// CRMs of the file above, as entries of agent.yaml; `pw` and `other` are files with secrets.
class Entries {
 public:
  explicit Entries(const std::vector<std::string>& crms) { load(crms); }
  void load(const std::vector<std::string>& crms) {
    std::string text =
        fmt::format("agent: {{name: a, state_dir: {}}}\nship: {{url: 'http://127.0.0.1:9/w'}}\nrecipe_dir: {}\ncrms:\n",
                    folder_.path("state"), folder_.path("recipes"));
    std::filesystem::create_directories(folder_.path("recipes"));
    folder_.write("recipes/cloud.yaml", kRecipe);
    folder_.write("pw", "secret-1");
    folder_.write("other", "secret-2");
    for (const std::string& crm : crms) text += "  - " + crm + "\n";
    folder_.write("agent.yaml", text);
    auto loaded = load_settings(folder_.path("agent.yaml"), {});
    if (!loaded) FAIL(to_string(loaded.error()));
    settings = std::move(*loaded);
    auto made = make_targets(settings, runtime_);
    if (!made) FAIL(to_string(made.error()));
    targets = std::move(*made);
  }
  /// Names by account: `a b|c`.
  [[nodiscard]] std::string accounts() const {
    std::string out;
    for (const Account& account : accounts_of(settings.crms, targets)) {
      out += out.empty() ? "" : "|";
      for (std::size_t i = 0; i < account.crms.size(); ++i)
        out += (i == 0 ? "" : " ") + settings.crms[account.crms[i]].name;
    }
    return out;
  }

 private:
  TempDir folder_;
  probes::Runtime runtime_;

 public:
  Settings settings;
  Targets targets;
};

std::string crm(std::string_view name, std::string_view auth, std::string_view url = "https://crm.example",
                std::string_view more = "") {
  return fmt::format("{{name: {}, recipe: cloud, with: {{url: '{}'}}, auth: {{{}}}{}}}", name, url, auth, more);
}

const std::string kBearer = "flow: bearer, token_file: pw";
const std::string kBasic = "flow: basic, username: u, password_file: pw";
const std::string kLogin = "flow: login, username: u, password_file: pw";

}  // namespace

TEST_CASE("entries of one address and one identity are one account, whatever the way to log in") {
  for (const std::string& auth : {kBearer, kBasic, kLogin}) {
    CAPTURE(auth);
    CHECK(Entries{{crm("a", auth), crm("b", auth), crm("c", auth)}}.accounts() == "a b c");
    CHECK(Entries{{crm("a", auth), crm("b", auth, "https://CRM.example:443/")}}.accounts() == "a b");
    CHECK(Entries{{crm("a", auth), crm("b", auth, "https://crm.example/other")}}.accounts() == "a|b");
    CHECK(Entries{{crm("a", auth), crm("b", auth, "https://crm2.example"), crm("c", auth)}}.accounts() == "a c|b");
  }
  CHECK(Entries{{crm("a", kBasic), crm("b", "flow: basic, username: u, password_file: other")}}.accounts() == "a|b");
  CHECK(Entries{{crm("a", kBasic), crm("b", "flow: basic, username: v, password_file: pw")}}.accounts() == "a|b");
  CHECK(Entries{{crm("a", kBasic), crm("b", kBearer), crm("c", kLogin)}}.accounts() == "a|b|c");
}

TEST_CASE("a secret among the parameters is an identity, and nobody in particular shares nothing") {
  const auto with_key = [](std::string_view name, std::string_view file) {
    return fmt::format("{{name: {}, recipe: cloud, with: {{url: 'https://crm.example', key_file: {}}}}}", name, file);
  };
  const auto open = [](std::string_view name) {
    return fmt::format("{{name: {}, recipe: cloud, with: {{url: 'https://crm.example'}}}}", name);
  };
  CHECK(Entries{{with_key("a", "pw"), with_key("b", "pw"), with_key("c", "other")}}.accounts() == "a b|c");
  CHECK(Entries{{open("a"), open("b")}}.accounts() == "a|b");
}

TEST_CASE("entries of one account share one governor: one cap, one ledger, one pause") {
  Entries entries{{crm("a", kLogin), crm("b", kLogin), crm("c", kLogin, "https://other.example")}};
  Governors governors;
  governors.configure(entries.settings.crms, entries.targets, {}, kNow);
  Governor* const shared = governors.find("a");
  REQUIRE(shared != nullptr);
  CHECK(governors.find("b") == shared);
  CHECK(governors.find("c") != shared);
  CHECK(governors.first_run("a") == 0);
  CHECK(governors.first_run("b") == 2);
  CHECK(governors.first_run("c") == 0);
  // 4 runs an hour between them, of a cap of 50 a day.
  CHECK(shared->status(kNow).planned == 96);
  CHECK(shared->status(kNow).allowed == 50);
  CHECK(shared->stretch(0) > 1);
  CHECK(shared->stretch(2) > 1);
  for (const char* name : {"a", "b"}) {
    REQUIRE(governors.find(name)->admit(governors.first_run(name), kNow).admitted);
    governors.find(name)->finished(governors.first_run(name), {1, {}, {}}, kNow);
  }
  CHECK(shared->status(kNow).made == 2);
  REQUIRE(shared->admit(governors.first_run("b"), kNow).admitted);
  shared->finished(governors.first_run("b"), {1, Duration{90s}, Reason::rate_limited}, kNow);
  CHECK_FALSE(shared->admit(governors.first_run("a"), kNow + 30s).admitted);
  CHECK(governors.find("c")->admit(0, kNow + 30s).admitted);
}

TEST_CASE("the smallest allowance and the smallest share of an account's entries count") {
  Entries entries{{crm("a", kBearer, "https://crm.example", ", budget: 2%"),
                   crm("b", kBearer, "https://crm.example", ", budget: 1%"), crm("c", kBearer)}};
  entries.settings.crms[2].budget = 0.05;
  Governors governors;
  governors.configure(entries.settings.crms, entries.targets, {}, kNow);
  CHECK(governors.find("c")->status(kNow).allowed == 50);
}

TEST_CASE("an account's ledger outlives a restart and each of its entries, and counts no call twice") {
  const TempDir folder;
  CallFiles files{folder.path("calls")};
  const auto save = [&](const std::string& name, const Governor::Memory& memory, const std::function<void()>& saved) {
    files.write(name, memory);
    saved();
  };
  const auto made = [&](const std::vector<std::string>& crms) {
    Entries entries{crms};
    Governors::Memories memories;
    for (const auto& one : entries.settings.crms)
      if (auto memory = files.read(one.name)) memories.emplace(one.name, std::move(*memory));
    Governors governors;
    governors.configure(entries.settings.crms, entries.targets, memories, kNow);
    return governors.find(entries.settings.crms.front().name)->status(kNow).made;
  };
  {
    Entries entries{{crm("a", kLogin), crm("b", kLogin), crm("c", kLogin)}};
    Governors governors{save};
    governors.configure(entries.settings.crms, entries.targets, {}, kNow);
    for (const char* name : {"a", "b", "c"}) {
      REQUIRE(governors.find(name)->admit(governors.first_run(name), kNow).admitted);
      governors.find(name)->finished(governors.first_run(name), {1, {}, {}}, kNow);
    }
    bool begun = false;
    governors.save("b", *governors.find("b"), [&begun] { begun = true; });
    CHECK(begun);
  }
  CHECK(made({crm("a", kLogin), crm("b", kLogin), crm("c", kLogin)}) == 3);
  CHECK(made({crm("b", kLogin), crm("c", kLogin)}) == 3);
  CHECK(made({crm("c", kLogin)}) == 3);
  CHECK(made({crm("new", kLogin), crm("a", kLogin)}) == 3);
}

TEST_CASE("ledgers that were kept apart are added up when their entries become one account") {
  Entries entries{{crm("a", kBearer), crm("b", kBearer)}};
  Governors::Memories memories;
  for (const char* name : {"a", "b"}) {
    Governor::Options options;
    options.runs = {{1h, 1, Part::liveness}};
    Governor alone{options};
    REQUIRE(alone.admit(0, kNow).admitted);
    alone.finished(0, {2, {}, {}}, kNow);
    memories.emplace(name, alone.memory());
  }
  Governors governors;
  governors.configure(entries.settings.crms, entries.targets, memories, kNow);
  CHECK(governors.find("a")->status(kNow).made == 4);
}

TEST_CASE("a reload keeps an account's ledger over entries that come and go, and over a changed password") {
  Entries entries{{crm("a", kBasic), crm("b", kBasic)}};
  Governors governors;
  governors.configure(entries.settings.crms, entries.targets, {}, kNow);
  REQUIRE(governors.find("a")->admit(0, kNow).admitted);
  governors.find("a")->finished(0, {1, {}, {}}, kNow);
  const auto reload = [&](const std::vector<std::string>& crms) {
    entries.load(crms);
    governors.configure(entries.settings.crms, entries.targets, {}, kNow);
  };
  reload({crm("b", kBasic), crm("d", kBasic)});
  CHECK(governors.find("d")->status(kNow).made == 1);
  const std::string changed = "flow: basic, username: u, password_file: other";
  reload({crm("b", changed), crm("d", changed)});
  CHECK(governors.find("b") == governors.find("d"));
  CHECK(governors.find("b")->status(kNow).made == 1);
  reload({crm("b", changed), crm("d", kBasic)});
  CHECK(governors.find("b") != governors.find("d"));
  CHECK(governors.find("b")->status(kNow).made == 1);
}
