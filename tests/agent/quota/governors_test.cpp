#include "agent/quota/governors.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "agent/quota/call_files.h"
#include "tests/support/temp_dir.h"

using namespace crmpulse;
using namespace crmpulse::agent;
using namespace std::chrono_literals;
using crmpulse::test::TempDir;

namespace {

const TimePoint kNow = parse_time("2026-11-21T09:00:00Z").value();

/// `per_day` calls are its CRM's allowance; it is saved after each hundredth of our share, at least after each call.
Governor::Options one_run(double per_day) {
  Governor::Options out;
  out.runs = {{1h, 1, Part::liveness}};
  out.allowance = "daily";
  out.per_day = per_day;
  return out;
}

void call(Governor& governor) {
  REQUIRE(governor.admit(0, kNow).admitted);
  governor.finished(0, {1, {}, {}}, kNow);
}

}  // namespace

TEST_CASE("a run waits until its calls are saved, and for a save that is under way") {
  std::vector<std::function<void()>> under_way;
  Governors governors{[&](const std::string& crm, const Governor::Memory&, std::function<void()> saved) {
    CHECK(crm == "acme");
    under_way.push_back(std::move(saved));
  }};
  Governor governor{one_run(5000)};
  int begun = 0;
  const auto begin = [&begun] { ++begun; };

  governors.save("acme", governor, begin);
  CHECK(begun == 1);  // nothing has happened
  call(governor);
  governors.save("acme", governor, begin);
  REQUIRE(under_way.size() == 1);
  CHECK(begun == 1);
  governors.save("acme", governor, begin);
  REQUIRE(under_way.size() == 2);
  CHECK(begun == 1);
  under_way[0]();
  CHECK(begun == 2);
  under_way[1]();
  CHECK(begun == 3);
  governors.save("acme", governor, begin);
  CHECK(begun == 4);
  CHECK(under_way.size() == 2);
}

TEST_CASE("without somebody who saves no run waits") {
  Governors governors;
  Governor governor{one_run(5000)};
  call(governor);
  bool begun = false;
  governors.save("acme", governor, [&begun] { begun = true; });
  CHECK(begun);
}

TEST_CASE("counted calls come back from their file, whatever the CRM is called") {
  const TempDir folder;
  CallFiles files{folder.path("calls")};
  for (const std::string& crm : {std::string{"acme"}, std::string{"../客户 A"}, std::string(300, 'x')}) {
    INFO(crm);
    CHECK_FALSE(files.read(crm));
    Governor governor{one_run(5000)};
    call(governor);
    files.write(crm, governor.memory());
    call(governor);
    files.write(crm, governor.memory());
    const auto memory = files.read(crm);
    REQUIRE(memory);
    CHECK(encode_memory(*memory) == encode_memory(governor.memory()));
  }
  for (const auto& entry : std::filesystem::directory_iterator{folder.path("calls")})
    CHECK(entry.path().extension() != ".new");
}

TEST_CASE("a damaged file of counted calls is as if there were none") {
  const TempDir folder;
  CallFiles files{folder.path("calls")};
  files.write("acme", {});
  std::ofstream{folder.path("calls/acme")} << "crmpulse-calls 1\ncalls 1 two\n";
  CHECK_FALSE(files.read("acme"));
}
