#include "core/files/public_file.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/support/temp_dir.h"

#ifndef _WIN32
#include <sys/stat.h>
#include <unistd.h>
#endif

using namespace crmpulse;
using crmpulse::test::TempDir;

TEST_CASE("a file is replaced whole, read within its bound, and nothing is left beside it") {
  const TempDir folder;
  const std::string file = folder.path("agent.yaml");
  REQUIRE(files::replace_public(file, "one\n").has_value());
  CHECK(files::read_whole(file, 4).value() == "one\n");
  CHECK(files::read_whole(file, 3).has_error());
  CHECK(files::read_whole(folder.path(), 100).has_error());
  CHECK(files::read_whole(folder.path("nothing"), 100).has_error());
  REQUIRE(files::replace_public(file, "two\n").has_value());
  CHECK(files::read_whole(file, 100).value() == "two\n");
  CHECK_FALSE(std::filesystem::exists(file + ".new"));
  CHECK(files::replace_public(folder.path("no/folder"), "x").has_error());
}

#ifndef _WIN32
TEST_CASE("a new file can be read by everybody, and what is replaced keeps its mode, its owner and its link") {
  const TempDir folder;
  const std::string file = folder.path("real.yaml");
  const mode_t before = ::umask(077);
  REQUIRE(files::replace_public(file, "one\n").has_value());
  ::umask(before);
  struct stat found{};
  REQUIRE(::stat(file.c_str(), &found) == 0);
  CHECK((found.st_mode & 0777U) == 0644);
  REQUIRE(::chmod(file.c_str(), 0640) == 0);
  if (::geteuid() == 0) REQUIRE(::chown(file.c_str(), 1234, 1235) == 0);
  std::filesystem::create_symlink("real.yaml", folder.path("link.yaml"));
  REQUIRE(files::replace_public(folder.path("link.yaml"), "two\n").has_value());
  CHECK(std::filesystem::is_symlink(folder.path("link.yaml")));
  CHECK(files::read_whole(file, 100).value() == "two\n");
  REQUIRE(::stat(file.c_str(), &found) == 0);
  CHECK((found.st_mode & 0777U) == 0640);
  if (::geteuid() == 0) CHECK((found.st_uid == 1234 && found.st_gid == 1235));
}
#endif
