#include "probes/auth/token_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <set>
#include <sstream>

#include "tests/probes/auth/vendor.h"

using namespace crmpulse;
using namespace crmpulse::test;
namespace fs = std::filesystem;

namespace {

auth::Token token() {
  auth::Token out;
  out.value = Secret{"TOKEN"};
  out.refresh = Secret{"REFRESH"};
  out.base_url = "https://crm.example";
  out.values = {{"uid", "7"}};
  out.obtained = kStart;
  out.expires = kStart + std::chrono::hours{1};
  return out;
}

unsigned mode(const fs::path& path) {
  struct stat about{};
  REQUIRE(::stat(path.c_str(), &about) == 0);
  return about.st_mode & 07777U;
}

void write(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
}

std::string read(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

}  // namespace

TEST_CASE("a token comes back as it was kept, and only its owner can read it") {
  const StateDir state;
  const auth::TokenFile file(state.path() + "/below", "abc");
  CHECK_FALSE(file.read());
  REQUIRE(file.write(token()).has_value());
  const auto kept = file.read();
  REQUIRE(kept);
  CHECK(kept->value.reveal() == "TOKEN");
  CHECK(kept->refresh.reveal() == "REFRESH");
  CHECK(kept->base_url == "https://crm.example");
  CHECK(kept->values == token().values);
  CHECK(kept->obtained == kStart);
  CHECK(kept->expires == token().expires);
  CHECK(mode(file.path()) == 0600);
  CHECK(mode(fs::path(file.path()).parent_path()) == 0700);
  CHECK(std::distance(fs::directory_iterator(fs::path(file.path()).parent_path()), fs::directory_iterator{}) == 1);
}

TEST_CASE("nothing is kept without a state directory") {
  const auth::TokenFile file("", "abc");
  CHECK(file.write(token()).has_value());
  CHECK_FALSE(file.read());
}

TEST_CASE("a folder that was open to others is closed, a link in the file's place is replaced and not followed") {
  const StateDir state;
  const auth::TokenFile file(state.path(), "abc");
  fs::create_directory(state.path() + "/tokens");
  REQUIRE(::chmod((state.path() + "/tokens").c_str(), 0777) == 0);
  write(state.path() + "/elsewhere", "untouched");
  fs::create_symlink(state.path() + "/elsewhere", file.path());
  CHECK_FALSE(file.read());
  REQUIRE(file.write(token()).has_value());
  CHECK(mode(state.path() + "/tokens") == 0700);
  CHECK(read(state.path() + "/elsewhere") == "untouched");
  CHECK(file.read());
}

TEST_CASE("a damaged or foreign file is not used") {
  const StateDir state;
  const auth::TokenFile file(state.path(), "abc");
  REQUIRE(file.write(token()).has_value());
  const std::string good = read(file.path());
  for (const std::string& text :
       {std::string{}, good.substr(0, good.size() / 2), std::string{"[]"}, std::string{"{}"},
        std::string{R"({"format":"crmpulse token 1","identity":"abc","token":5})"}, std::string(200'000, '{')}) {
    write(file.path(), text);
    CHECK_FALSE(file.read());
  }
  const auth::TokenFile other(state.path(), "other");
  fs::copy_file(file.path(), other.path());
  write(other.path(), good);
  CHECK_FALSE(other.read());
  write(file.path(), good);
  CHECK(file.read());
  REQUIRE(::chmod(file.path().c_str(), 0620) == 0);
  CHECK_FALSE(file.read());
  fs::remove(file.path());
  fs::create_directory(file.path());
  CHECK_FALSE(file.read());
}

TEST_CASE("a place that cannot be written is an error, and the token is used all the same") {
  const auth::TokenFile file("/dev/null/state", "abc");
  CHECK(file.write(token()).has_error());
  Vendor vendor(tokens());
  Program program;
  const auto session = program.session(flow_named("client_credentials", vendor.url()),
                                       settings_for("client_credentials"), "/dev/null/state");
  CHECK(header(*session) == "Authorization: Bearer TOKEN-1");
}

TEST_CASE("token files of identities that are gone are removed, and nothing else is") {
  const StateDir state;
  const StateDir another_agent;
  const std::string mine(64, 'a');
  const std::string gone(64, 'b');
  for (const std::string& folder : {state.path(), another_agent.path()})
    for (const std::string& identity : {mine, gone})
      REQUIRE(auth::TokenFile(folder, identity).write(token()).has_value());
  const std::string tokens = state.path() + "/tokens/";
  write(tokens + "notes.txt", "the administrator's own");
  write(tokens + "short.json", "{}");
  write(tokens + mine + ".json." + std::to_string(::getpid()) + ".new", "being written");
  write(tokens + mine + ".json.999999999.new", "left by a program that died");
  write(state.path() + "/" + gone + ".json", "not in the folder of tokens");
  auth::remove_other_tokens(state.path(), {mine});
  std::set<std::string> left;
  for (const auto& path : state.token_files()) left.insert(path.filename().string());
  CHECK(left == std::set<std::string>{"notes.txt", "short.json", mine + ".json",
                                      mine + ".json." + std::to_string(::getpid()) + ".new"});
  CHECK(fs::exists(state.path() + "/" + gone + ".json"));
  CHECK(another_agent.token_files().size() == 2);
}

TEST_CASE("a folder of tokens that is a link to another agent's is left alone") {
  const StateDir state;
  const StateDir another_agent;
  REQUIRE(auth::TokenFile(another_agent.path(), std::string(64, 'b')).write(token()).has_value());
  fs::create_directory_symlink(another_agent.path() + "/tokens", state.path() + "/tokens");
  auth::remove_other_tokens(state.path(), {});
  CHECK(another_agent.token_files().size() == 1);
  auth::remove_other_tokens("", {});
  auth::remove_other_tokens(state.path() + "/nowhere", {});
}
