#include "core/files/private_file.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/support/temp_dir.h"

using namespace crmpulse;
using namespace crmpulse::files;
namespace fs = std::filesystem;

namespace {

std::string content_of(const std::string& file) {
  std::ifstream stream{file, std::ios::binary};
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("a private file is replaced whole, and nothing is left beside it") {
  const test::TempDir folder;
  const std::string file = folder.path("token");
  REQUIRE(replace_private(file, file + ".new", "one").has_value());
  REQUIRE(replace_private(file, file + ".new", "two and more").has_value());
  CHECK(content_of(file) == "two and more");
  CHECK(read_private(file, 100).value() == "two and more");
  CHECK(read_private(file, 3).value() == "two");
  CHECK_FALSE(fs::exists(file + ".new"));
}

TEST_CASE("a replacement that fails keeps the file as it was and says which file") {
  const test::TempDir folder;
  const std::string file = folder.write("token", "one");
  const auto replaced = replace_private(file, folder.path("nowhere/fresh"), "two");
  REQUIRE_FALSE(replaced.has_value());
  CHECK_THAT(replaced.error().message, Catch::StartsWith("cannot create " + folder.path("nowhere/fresh") + ": "));
  CHECK(content_of(file) == "one");
}

TEST_CASE("a folder is not a private file, and neither is one that is not there") {
  const test::TempDir folder;
  CHECK_FALSE(read_private(folder.path(), 100).has_value());
  CHECK_FALSE(read_private(folder.path("nothing"), 100).has_value());
}

TEST_CASE("a file that is removed is gone, and removing it again is not an error") {
  const test::TempDir folder;
  const std::string file = folder.write("token", "one");
  REQUIRE(remove_file(file).has_value());
  CHECK_FALSE(fs::exists(file));
  CHECK(remove_file(file).has_value());
}

TEST_CASE("what is appended stands behind what was there, also after another opening") {
  const test::TempDir folder;
  const std::string file = folder.path("ledger");
  {
    auto opened = AppendedFile::open(file);
    REQUIRE(opened.has_value());
    REQUIRE(opened->append("one\n").has_value());
    AppendedFile moved = std::move(*opened);
    CHECK_FALSE(opened->is_open());
    REQUIRE(moved.append("two\n").has_value());
  }
  auto again = AppendedFile::open(file);
  REQUIRE(again.has_value());
  REQUIRE(again->append("three\n").has_value());
  CHECK(content_of(file) == "one\ntwo\nthree\n");
  again->close();
  CHECK_FALSE(again->is_open());
}

TEST_CASE("a lock is held by one, and is free when it goes") {
  const test::TempDir folder;
  const std::string file = folder.path("state.lock");
  {
    auto first = FileLock::try_take(file);
    REQUIRE(first.has_value());
    REQUIRE(first->has_value());
    const auto second = FileLock::try_take(file);
    REQUIRE(second.has_value());
    CHECK_FALSE(second->has_value());
  }
  const auto third = FileLock::try_take(file);
  REQUIRE(third.has_value());
  CHECK(third->has_value());
  CHECK_FALSE(FileLock::try_take(folder.path("nowhere/lock")).has_value());
}

TEST_CASE("a file keeps its identity under another name, and a new one under its name has another") {
  const test::TempDir folder;
  const std::string file = folder.write("crm.sqlite", "one");
  const auto before = identity_of(file);
  REQUIRE(before);
  fs::rename(file, folder.path("old"));
  CHECK_FALSE(identity_of(file));
  static_cast<void>(folder.write("crm.sqlite", "two"));
  CHECK((identity_of(folder.path("old")) == before));
  CHECK_FALSE((identity_of(file) == before));
}

TEST_CASE("a file is created with the room it is to have") {
  const test::TempDir folder;
  const std::string file = folder.path("reserve");
  REQUIRE(create_filled(file, 4096).has_value());
  CHECK(fs::file_size(file) == 4096);
  REQUIRE(create_private(file).has_value());
  CHECK(fs::file_size(file) == 4096);
  CHECK_FALSE(create_filled(folder.path("nowhere/reserve"), 4096).has_value());
}

TEST_CASE("this process runs, and a number that no process has does not") {
  CHECK(is_running(own_process_id()));
  CHECK_FALSE(is_running(0x7ffffff0));
}

#ifndef _WIN32
TEST_CASE("what others can write to, and a link, is refused") {
  const test::TempDir folder;
  const std::string file = folder.write("token", "one");
  fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write | fs::perms::others_write);
  CHECK(read_private(file, 100).error().message == "others can write to it");
  fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
  REQUIRE(read_private(file, 100).has_value());
  fs::create_symlink(file, folder.path("link"));
  CHECK_FALSE(read_private(folder.path("link"), 100).has_value());
  CHECK_FALSE(AppendedFile::open(folder.path("link")).has_value());
  CHECK_FALSE(replace_private(folder.path("other"), folder.path("link"), "two").has_value());
  CHECK(content_of(file) == "one");
}

TEST_CASE("a private folder is its owner's alone, also one that was there") {
  const test::TempDir folder;
  const std::string inner = folder.path("a/tokens");
  REQUIRE(make_private_folder(inner).has_value());
  fs::permissions(inner, fs::perms::all);
  REQUIRE(make_private_folder(inner).has_value());
  CHECK(fs::status(inner).permissions() == fs::perms::owner_all);
}
#endif
