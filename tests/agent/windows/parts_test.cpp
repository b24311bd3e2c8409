#include <windows.h>

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <string>

#include "agent/windows/access.h"
#include "agent/windows/service_name.h"
#include "agent/windows/status_board.h"
#include "config/node.h"
#include "config/protection/access_list_windows.h"
#include "config/protection/dpapi.h"
#include "config/reader.h"
#include "config/secret_source.h"
#include "core/files/private_file.h"
#include "core/files/utf8_path.h"
#include "core/windows/wide.h"
#include "core/windows/win32_error.h"
#include "tests/agent/windows/folder.h"

using namespace crmpulse;
using namespace crmpulse::agent::windows;
using crmpulse::test::Folder;
using crmpulse::windows::to_utf8;
using crmpulse::windows::to_wide;

TEST_CASE("a text goes to Windows and comes back as it was, in any script") {
  for (const std::string text : {"", "plain", "C:\\程序\\客户.yaml", "\xf0\x9f\x98\x80 é"}) {
    CHECK(to_utf8(to_wide(text)) == text);
  }
  CHECK(to_wide("\xf0\x9f\x98\x80").size() == 2);
  CHECK(to_wide("a\xff").substr(1) == L"\xfffd");
  CHECK(to_utf8(std::wstring_view{L"a\xd800", 2}) == "a\xef\xbf\xbd");
}

TEST_CASE("a path is what its UTF-8 says, in any script, and comes back so") {
  const Folder folder;
  for (const std::string name : {"plain", "证书", "\xf0\x9f\x98\x80 é"}) {
    const std::string file = folder.path(to_wide(name));
    std::ofstream{file} << name;
    CHECK(folder.read(to_wide(name)) == name);
    CHECK(std::filesystem::is_regular_file(file));
    CHECK(files::utf8(std::filesystem::path{file}.filename()) == name);
  }
  CHECK_THROWS(std::filesystem::path{std::string{"a\xff"}});
}

TEST_CASE("an error of Windows has its text and its number") {
  const std::string denied = crmpulse::windows::error_text(ERROR_ACCESS_DENIED);
  CHECK(denied.ends_with(" (error 5)"));
  CHECK(denied.size() > std::string_view{" (error 5)"}.size());
  CHECK(crmpulse::windows::error_text(0x2fffffff) == "Windows' error 805306367");
}

TEST_CASE("a protected secret holds nothing of its text, and is read again with what stands behind it dropped") {
  const Folder folder;
  const std::string blob = config::dpapi_protect("hunter2\r\n").value();
  CHECK(blob.find("hunter2") == std::string::npos);
  folder.write(L"令牌", blob);
  CHECK(config::secret_from_dpapi_file(folder.path(L"令牌")).value().secret.reveal() == "hunter2");
  const config::Document document = config::load_text("token_dpapi_file: 令牌\n", folder.path(L"agent.yaml")).value();
  Problems problems;
  config::Reader reader{document.root, "", document.file, problems};
  Secret token;
  CHECK(reader.require_secret("token", token));
  CHECK(token.reveal() == "hunter2");
  CHECK(problems.empty());
  folder.write(L"plain", "hunter2");
  const auto plain = config::secret_from_dpapi_file(folder.path(L"plain"));
  REQUIRE(plain.has_error());
  CHECK(plain.error().message.find("protect it anew") != std::string::npos);
  CHECK(plain.error().message.find("hunter2") == std::string::npos);
}

TEST_CASE("a file is replaced whole, and made where there was none") {
  const Folder folder;
  const std::string file = folder.path(L"代理.yaml");
  for (const std::string text : {"first", "", "a longer second one"}) {
    REQUIRE(files::replace_private(file, file + ".new", text).has_value());
    CHECK(folder.read(L"代理.yaml") == text);
  }
  CHECK_FALSE(std::filesystem::exists(to_wide(file) + L".new"));
  const std::string none = folder.path(L"none\\file");
  const auto nowhere = files::replace_private(none, none + ".new", "x");
  REQUIRE(nowhere.has_error());
  CHECK(nowhere.error().message.find("(error 3)") != std::string::npos);
}

TEST_CASE("what a service says of itself is read by another, as long as it runs") {
  if (read_board()) return;  // a machine where the service runs
  {
    StatusBoard board;
    REQUIRE(read_board().has_value());
    CHECK(read_board()->reloads == 0);
    board.post({3, "2 CRMs, 采集器 reachable"});
    CHECK(read_board()->reloads == 3);
    CHECK(read_board()->status == "2 CRMs, 采集器 reachable");
    board.post({4, std::string(10'000, 'x')});
    CHECK(read_board()->reloads == 4);
    CHECK(read_board()->status == std::string(4000, 'x'));
  }
  CHECK_FALSE(read_board().has_value());
}

TEST_CASE("accounts are known by their SIDs before the service is there") {
  CHECK(sid_of("nt service\\CRMPULSE-AGENT").value() == kServiceSid);
  CHECK(sid_of("LocalSystem").value() == L"S-1-5-18");
  CHECK(sid_of(kLocalService).value() == L"S-1-5-19");
  CHECK(sid_of("NT AUTHORITY\\NetworkService").value() == L"S-1-5-20");
  const auto nobody = sid_of("NOBODY-OF-THIS-NAME\\nobody");
  REQUIRE(nobody.has_error());
  CHECK(nobody.error().message.starts_with("there is no account 'NOBODY-OF-THIS-NAME\\nobody': "));
}

TEST_CASE("a folder can be given to the service, twice as well") {
  const Folder folder;
  const std::string state = folder.path(L"状态");
  REQUIRE(restrict_folder(state, kServiceSid, AccountMay::modify).has_value());
  REQUIRE(restrict_folder(state, kServiceSid, AccountMay::modify).has_value());
  CHECK(std::filesystem::is_directory(to_wide(state)));
  CHECK(config::groups_with(folder.path(L"none"), FILE_READ_DATA).empty());
}
