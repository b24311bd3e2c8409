#include "agent/setup/files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include <filesystem>

#include "tests/support/temp_dir.h"

using namespace crmpulse;
using namespace crmpulse::agent::setup;

namespace {

unsigned mode_of(const std::string& file) {
  struct stat about{};
  REQUIRE(::stat(file.c_str(), &about) == 0);
  return about.st_mode & 07777U;
}

}  // namespace

TEST_CASE("a file is replaced whole, and keeps its owner and mode") {
  const test::TempDir folder;
  const std::string file = folder.write("agent.yaml", "old\n");
  REQUIRE(::chmod(file.c_str(), 0640) == 0);
  const bool root = ::geteuid() == 0;
  if (root) REQUIRE(::chown(file.c_str(), 1234, 2345) == 0);
  REQUIRE(replace_text(file, "old\n", "new\n").has_value());
  CHECK(text_of_file(file).value() == "new\n");
  CHECK(mode_of(file) == 0640);
  struct stat about{};
  REQUIRE(::stat(file.c_str(), &about) == 0);
  if (root) CHECK(std::pair{about.st_uid, about.st_gid} == std::pair{uid_t{1234}, gid_t{2345}});
  CHECK_FALSE(std::filesystem::exists(file + ".new"));
}

TEST_CASE("a file that was changed meanwhile is left as it is") {
  const test::TempDir folder;
  const std::string file = folder.write("agent.yaml", "theirs\n");
  const auto outcome = replace_text(file, "old\n", "new\n");
  REQUIRE_FALSE(outcome.has_value());
  CHECK(outcome.error().message == file + " was changed meanwhile: run this again");
  CHECK(text_of_file(file).value() == "theirs\n");
  CHECK_FALSE(replace_text(file, std::nullopt, "new\n").has_value());
}

TEST_CASE("a link goes on to lead to the file, and a new file can be read") {
  const test::TempDir folder;
  const std::string file = folder.write("real.yaml", "old\n");
  const std::string link = folder.path("agent.yaml");
  std::filesystem::create_symlink(file, link);
  REQUIRE(replace_text(link, "old\n", "new\n").has_value());
  CHECK(std::filesystem::is_symlink(link));
  CHECK(text_of_file(file).value() == "new\n");
  const std::string fresh = folder.path("fresh.yaml");
  REQUIRE(replace_text(fresh, std::nullopt, "x\n").has_value());
  CHECK(mode_of(fresh) == 0644);
}

TEST_CASE("a secret is its owner's alone and never replaces another") {
  const test::TempDir folder;
  const std::string credentials = folder.path("credentials");
  REQUIRE(write_secret(credentials, "acme.password", Secret{"geheim"}).has_value());
  CHECK(mode_of(credentials) == 0700);
  CHECK(mode_of(credentials + "/acme.password") == 0600);
  CHECK(text_of_file(credentials + "/acme.password").value() == "geheim\n");
  CHECK(write_secret(credentials, "acme.password", Secret{"geheim"}).has_value());
  const auto other = write_secret(credentials, "acme.password", Secret{"anders"});
  REQUIRE_FALSE(other.has_value());
  CHECK(other.error().message.find("holds something else") != std::string::npos);
  CHECK(other.error().message.find("anders") == std::string::npos);
}

TEST_CASE("a draft is gone with its object") {
  std::string file;
  {
    auto draft = Draft::make("x.yaml", "a: 1\n");
    REQUIRE(draft.has_value());
    file = draft->file();
    CHECK(text_of_file(file).value() == "a: 1\n");
    CHECK(mode_of(std::filesystem::path{file}.parent_path()) == 0700);
  }
  CHECK_FALSE(std::filesystem::exists(std::filesystem::path{file}.parent_path()));
}
