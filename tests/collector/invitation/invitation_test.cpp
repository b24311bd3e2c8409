// Invitations in their file: once, within their hour, whatever the clock and whoever else asks.

#include "collector/invitation/invitation_file.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <thread>

#include "collector/http/token_file.h"
#include "core/files/public_file.h"
#include "tests/support/temp_dir.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace std::chrono_literals;
using Catch::Contains;
using crmpulse::test::TempDir;

namespace {

const TwoClocks kStart{from_unix_millis(1'800'000'000'000), "boot-1", Duration{1h}};

TwoClocks later(Duration by, Duration wall_step = Duration{}) {
  return {kStart.wall + by + wall_step, kStart.boot, kStart.uptime + by};
}

struct Place {
  TempDir folder;
  InvitationFile file{folder.path()};
  TokenFile tokens{folder.path()};

  std::string invite(const std::string& agent, const TwoClocks& now = kStart,
                     const std::vector<std::string>& crms = {}) {
    return file.invite(agent, crms, now).value();
  }
  std::optional<InvitationFile::Joined> redeem(const std::string& code, const TwoClocks& now = kStart) {
    return file.redeem(code, tokens, now).value();
  }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const Token& one : list_tokens(folder.path()).value()) out.push_back(one.name);
    return out;
  }
};

}  // namespace

TEST_CASE("a code gives one token of its agent, once") {
  Place place;
  const std::string code = place.invite("branch-1", kStart, {"acme"});
  CHECK(code.starts_with("crmi_"));
  CHECK(code.size() == 5 + 32);
  CHECK_FALSE(place.redeem("crmi_00000000000000000000000000000000"));
  const auto joined = place.redeem(code, later(59min));
  REQUIRE(joined);
  CHECK(joined->agent == "branch-1");
  CHECK(joined->token.secret.starts_with("crmp_"));
  const std::vector<Token> tokens = list_tokens(place.folder.path()).value();
  REQUIRE(tokens.size() == 1);
  CHECK(tokens[0].role == AccessRole::ingest);
  CHECK(tokens[0].agent == "branch-1");
  CHECK(tokens[0].crms == std::vector<std::string>{"acme"});
  CHECK(tokens[0].invited);
  CHECK_FALSE(place.redeem(code, later(59min)));
  CHECK(place.file.open_ones(kStart)->empty());
}

TEST_CASE("neither a code nor a token stands in a file, and the files are the owner's alone") {
  Place place;
  const std::string code = place.invite("branch-1");
  const std::string file = place.folder.path("invitations.json");
  CHECK(files::read_whole(file, 10'000)->find(code.substr(5)) == std::string::npos);
  struct stat found{};
  REQUIRE(::stat(file.c_str(), &found) == 0);
  CHECK((found.st_mode & 0777U) == 0600);
  const auto joined = place.redeem(code);
  REQUIRE(joined);
  for (const char* name : {"invitations.json", "tokens.json"})
    CHECK(files::read_whole(place.folder.path(name), 10'000)->find(joined->token.secret.substr(5)) ==
          std::string::npos);
}

TEST_CASE("an invitation holds for an hour, however the wall clock jumps") {
  Place place;
  const std::string code = place.invite("branch-1");
  CHECK_FALSE(place.redeem(code, later(1h)));
  // Set back by an hour after 61 minutes: it seems a minute old.
  CHECK_FALSE(place.redeem(place.invite("branch-1"), later(61min, -1h)));
  CHECK_FALSE(place.redeem(place.invite("branch-1"), later(61min, -10h)));
  // Set ahead, it does not end early either.
  CHECK(place.redeem(place.invite("branch-1"), later(10min, 100h)));
}

TEST_CASE("after the system's restart the wall clock counts, and nothing holds that comes from the future") {
  Place place;
  const std::string code = place.invite("branch-1");
  const auto restarted = [](Duration wall) { return TwoClocks{kStart.wall + wall, "boot-2", Duration{1min}}; };
  CHECK_FALSE(place.redeem(code, restarted(-1s)));
  CHECK_FALSE(place.redeem(code, restarted(1h)));
  const std::string another = place.invite("branch-1");
  CHECK(place.redeem(another, restarted(59min)));
  const std::string unknown = place.invite("branch-1", {kStart.wall, "", Duration{}});
  CHECK_FALSE(place.redeem(unknown, {kStart.wall + 1h, "", Duration{}}));
}

TEST_CASE("a second invitation of an agent takes the place of the first, and a revoked one is none") {
  Place place;
  const std::string first = place.invite("branch-1");
  const std::string second = place.invite("branch-1");
  place.invite("branch-2");
  CHECK(place.file.open_ones(kStart)->size() == 2);
  CHECK_FALSE(place.redeem(first));
  CHECK(place.file.revoke("branch-1", kStart).value());
  CHECK_FALSE(place.file.revoke("branch-1", kStart).value());
  CHECK_FALSE(place.redeem(second));
  CHECK_FALSE(place.file.revoke("branch-2", later(2h)).value());
}

TEST_CASE("of many who join at once with one code one wins") {
  Place place;
  const std::string code = place.invite("branch-1");
  std::atomic<int> won{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      // Each as a process of its own would: nothing is shared but the folder.
      InvitationFile file{place.folder.path()};
      TokenFile tokens{place.folder.path()};
      const auto joined = file.redeem(code, tokens, kStart);
      if (joined && *joined) ++won;
    });
  }
  for (std::thread& one : threads) one.join();
  CHECK(won == 1);
  CHECK(place.names() == std::vector<std::string>{"branch-1"});
}

TEST_CASE("a new token replaces the agent's earlier ones once it is used, and not before") {
  Place place;
  const std::string hand =
      create_token(place.folder.path(), "by hand", AccessRole::ingest, {"branch-1", std::nullopt}).value();
  const auto first = place.redeem(place.invite("branch-1", kStart, {"acme"}));
  const auto second = place.redeem(place.invite("branch-1"));
  const auto third = place.redeem(place.invite("branch-1"));
  place.redeem(place.invite("branch-2"));
  REQUIRE(third);
  CHECK(second->token.name == "branch-1.2");
  CHECK(third->token.replaces == std::vector<std::string>{"branch-1", "branch-1.2"});
  CHECK(place.names() == std::vector<std::string>{"by hand", "branch-1", "branch-1.2", "branch-1.3", "branch-2"});
  // What it may send about stays.
  CHECK(list_tokens(place.folder.path())->at(3).crms == std::vector<std::string>{"acme"});
  CHECK(revoke_replaced(place.tokens, "branch-1.3").value() == std::vector<std::string>{"branch-1", "branch-1.2"});
  CHECK(place.names() == std::vector<std::string>{"by hand", "branch-1.3", "branch-2"});
  CHECK(revoke_replaced(place.tokens, "branch-1.3")->empty());
  // The name of one that went may be another's now.
  create_token(place.folder.path(), "branch-1", AccessRole::viewer).value();
  const auto fourth = place.redeem(place.invite("branch-1"));
  CHECK(fourth->token.name == "branch-1.2");
  CHECK(revoke_replaced(place.tokens, "branch-1.2").value() == std::vector<std::string>{"branch-1.3"});
  CHECK(place.names() == std::vector<std::string>{"by hand", "branch-2", "branch-1", "branch-1.2"});
}

TEST_CASE("names that no token could have are not invited, and there are not too many") {
  Place place;
  for (const std::string& name : {std::string{}, std::string{"a\nb"}, std::string(65, 'x')})
    CHECK_THAT(place.file.invite(name, {}, kStart).error().message, Contains("1 to 64 printable"));
  CHECK_THAT(place.file.invite("a", {""}, kStart).error().message, Contains("CRM"));
  const std::string longest(64, 'x');
  REQUIRE(place.redeem(place.invite(longest)));
  const auto again = place.redeem(place.invite(longest));
  REQUIRE(again);
  CHECK(again->token.name.size() <= 64);
  for (std::size_t i = 0; i < kMostInvitations; ++i) place.invite(fmt::format("agent {}", i));
  CHECK_THAT(place.file.invite("one more", {}, kStart).error().message, Contains("revoke some"));
  CHECK(place.file.invite("one more", {}, later(1h)).has_value());
}

TEST_CASE("a file that cannot be understood changes nothing, and a token that cannot be kept costs no invitation") {
  Place place;
  const std::string code = place.invite("branch-1");
  place.folder.write("tokens.json", "nonsense");
  CHECK(place.file.redeem(code, place.tokens, kStart).has_error());
  std::filesystem::remove(place.folder.path("tokens.json"));
  CHECK(place.redeem(code));
  place.folder.write("invitations.json", "[{\"agent\":1}]");
  CHECK_THAT(place.file.invite("a", {}, kStart).error().message, Contains("invitations.json"));
  CHECK_THAT(place.file.redeem("x", place.tokens, kStart).error().message, Contains("invitations.json"));
}
