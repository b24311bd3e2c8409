#include "config/reader.h"

#include <sys/stat.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "config/protection/dpapi.h"
#include "config/protection/file_access.h"
#include "config/secret_source.h"
#include "tests/support/temp_dir.h"

using namespace crmpulse;
using namespace crmpulse::config;
using namespace std::chrono_literals;

namespace {

struct Fixture {
  explicit Fixture(std::string_view text, std::string file = "f.yaml") : document(load_text(text, file).value()) {}
  Reader reader() { return Reader{document.root, "", document.file, problems}; }
  std::string said() const { return to_string(problems); }

  Document document;
  Problems problems;
};

/// A directory of its own, removed at the end.
struct Directory {
  std::string file(const std::string& name, const std::string& content, mode_t mode = 0600) const {
    const std::string full = path + "/" + name;
    std::ofstream{full} << content;
    chmod(full.c_str(), mode);
    return full;
  }
  test::TempDir folder;
  std::string path = folder.path();
};

struct Variable {
  Variable(const char* variable, const std::string& value) : name(variable) { setenv(variable, value.c_str(), 1); }
  ~Variable() { unsetenv(name); }
  const char* name;
};

}  // namespace

TEST_CASE("values are read with their types and absent ones keep the default") {
  Fixture f{"s: text\nb: true\ni: 7\nd: 0.5\np: 5%\nt: 90s\nz: 64KiB\nl: [a, b]\none: a\nc: poor\n"};
  Reader r = f.reader();
  std::string s = "default";
  bool b = false;
  int i = 1;
  double d = 1, p = 1;
  Duration t{};
  std::uint64_t z = 0;
  std::vector<std::string> l, one;
  std::size_t c = 9;
  CHECK_FALSE(r.get("absent", s));
  CHECK(s == "default");
  CHECK(r.get("s", s));
  CHECK(r.get("b", b));
  CHECK(r.get("i", i, 0, 10));
  CHECK(r.get("d", d, 0, 1));
  CHECK(r.get("p", p, 0, 1));
  CHECK(r.get("t", t, 0s, 1h));
  CHECK(r.get_bytes("z", z, 0, 1 << 20));
  CHECK(r.get("l", l));
  CHECK(r.get("one", one));
  CHECK(r.get_choice("c", c, {"healthy", "poor"}));
  r.finish();
  CHECK(f.said().empty());
  CHECK(s == "text");
  CHECK(b);
  CHECK(i == 7);
  CHECK(d == 0.5);
  CHECK(p == 0.05);
  CHECK(t == 90s);
  CHECK(z == 65536);
  CHECK(l == std::vector<std::string>{"a", "b"});
  CHECK(one == std::vector<std::string>{"a"});
  CHECK(c == 1);
}

TEST_CASE("every problem is collected with its line and path") {
  Fixture f{
      "agent:\n"
      "  name: [a]\n"
      "  on: yes\n"
      "  tries: 99\n"
      "  ratio: .nan\n"
      "  text: \"0.5\"\n"
      "  wait: 5\n"
      "crms:\n"
      "  - name: a\n"
      "  - with:\n"
      "      url:\n"
      "      size: 5MB\n"
      "    kind: blue\n"
      "  - just text\n"};
  Reader r = f.reader();
  Reader agent = r.child("agent");
  std::string s;
  bool b = false;
  int i = 0;
  double d = 0;
  Duration t{};
  std::uint64_t z = 0;
  std::size_t c = 0;
  CHECK_FALSE(agent.get("name", s));
  CHECK_FALSE(agent.get("on", b));
  CHECK_FALSE(agent.get("tries", i, 1, 10));
  CHECK_FALSE(agent.get("ratio", d, 0, 1));
  CHECK_FALSE(agent.get("text", d, 0, 1));
  CHECK_FALSE(agent.get("wait", t, 0s, 1h));
  std::vector<Reader> crms = r.each("crms");
  REQUIRE(crms.size() == 3);
  for (Reader& crm : crms) crm.require("name", s);
  Reader with = crms[1].child("with");
  with.require("url", s);
  CHECK_FALSE(with.get_bytes("size", z, 0, 1));
  CHECK_FALSE(crms[1].get_choice("kind", c, {"red", "green"}));
  CHECK(f.said() ==
        "f.yaml:2: agent.name: must be a single value, not a list\n"
        "f.yaml:3: agent.on: must be true or false, not 'yes'\n"
        "f.yaml:4: agent.tries: must be between 1 and 10, not 99\n"
        "f.yaml:5: agent.ratio: must be a number, not '.nan'\n"
        "f.yaml:6: agent.text: must be a number, not '0.5' in quotes\n"
        "f.yaml:7: agent.wait: '5' is not a duration; write for example 500ms, 30s, 5m, 24h or 7d\n"
        "f.yaml:14: crms[2]: must be a mapping, not a single value\n"
        "f.yaml:10: crms[1].name: required\n"
        "f.yaml:14: crms[2].name: required\n"
        "f.yaml:11: crms[1].with.url: has no value\n"
        "f.yaml:12: crms[1].with.size: must be a size such as 64KiB or 512MiB, not '5MB'\n"
        "f.yaml:13: crms[1].kind: must be one of red, green, not 'blue'");
}

TEST_CASE("an unknown key names the nearest known one, or all of few") {
  Fixture f{"intervall: 5s\nzebra: 1\nnmae: x\n"};
  Reader r = f.reader();
  Duration t{};
  std::string s;
  r.get("interval", t, 0s, 1h);
  r.require("name", s);
  r.finish();
  CHECK(f.said() ==
        "f.yaml:1: name: required\n"
        "f.yaml:1: intervall: unknown key 'intervall'; did you mean 'interval'?\n"
        "f.yaml:2: zebra: unknown key 'zebra'; known: interval, name\n"
        "f.yaml:3: nmae: unknown key 'nmae'; did you mean 'name'?");
}

TEST_CASE("an unknown key that is near to none is answered with every key there is") {
  Fixture f{"zebra: 1\n"};
  Reader r = f.reader();
  std::string s;
  std::string all;
  for (char letter = 'a'; letter <= 't'; ++letter) {
    const std::string key = std::string{"key_"} + letter;
    r.get(key, s);
    all += (all.empty() ? "" : ", ") + key;
  }
  // Read only where it is there, as sections are.
  if (r.has("section")) r.child("section").finish();
  r.finish();
  CHECK(f.said() == "f.yaml:1: zebra: unknown key 'zebra'; known: " + all + ", section");
}

TEST_CASE("a list without a value is a mistake, an empty one is meant") {
  Fixture f{"receivers:\n# - {name: a}\nothers: []\n"};
  Reader r = f.reader();
  CHECK(r.each("receivers").empty());
  CHECK(r.each("others").empty());
  CHECK(r.each("absent").empty());
  CHECK(f.said() == "f.yaml:1: receivers: has no value; write [] when none are meant");
}

TEST_CASE("a missing mapping reads as an empty one, and its problems point to its parent") {
  Fixture f{"# one\nship:\n  url: x\nempty:\n"};
  Reader r = f.reader();
  std::string s;
  r.child("ship").child("tls").require("ca_file", s);
  r.child("empty").require("key", s);
  CHECK(f.said() ==
        "f.yaml:3: ship.tls.ca_file: required\n"
        "f.yaml:4: empty.key: required");
  CHECK(r.each("nothing").empty());
  CHECK(r.each("empty").empty());
}

TEST_CASE("a mapping with free keys is walked in the file's order") {
  Fixture f{"labels: {zone: a, region: eu}\nparts:\n  b: {n: 1}\n  a: {n: 2, m: 3}\n"};
  Reader r = f.reader();
  Reader labels = r.child("labels");
  CHECK(labels.keys() == std::vector<std::string>{"zone", "region"});
  CHECK(labels.raw("region")->scalar == "eu");
  Reader parts = r.child("parts");
  std::vector<int> numbers;
  for (const std::string& key : parts.keys()) {
    Reader part = parts.child(key);
    int n = 0;
    part.require("n", n, 0, 9);
    numbers.push_back(n);
    part.finish();
  }
  CHECK(numbers == std::vector<int>{1, 2});
  CHECK(f.said() == "f.yaml:4: parts.a.m: unknown key 'm'; did you mean 'n'?");
}

TEST_CASE("numbers are finite and percent is a share") {
  CHECK(parse_number("5%").value() == 0.05);
  CHECK(parse_number("-2.5e3").value() == -2500);
  for (const char* text : {"", "nan", "inf", "-inf", "1e999", "5 %", "%", "1,5", "0x10"}) {
    INFO(text);
    CHECK(parse_number(text).has_error());
  }
}

TEST_CASE("sizes have binary units and do not overflow") {
  CHECK(parse_bytes("0").value() == 0);
  CHECK(parse_bytes("512MiB").value() == 512ULL * 1024 * 1024);
  CHECK(parse_bytes("1GiB").value() == 1ULL << 30);
  for (const char* text : {"", "KiB", "-1", "1.5MiB", "5MB", "99999999999TiB", "99999999999999999999999"}) {
    INFO(text);
    CHECK(parse_bytes(text).has_error());
  }
}

TEST_CASE("a secret comes from a file, a variable or a credential") {
  const Directory directory;
  directory.file("token", "hunter2\n");
  const Variable variable{"CRMPULSE_TEST_SECRET", "from-env"};
  const Variable credentials{"CREDENTIALS_DIRECTORY", directory.path};
  Fixture f{"a_file: token\nb_env: CRMPULSE_TEST_SECRET\nc_credential: token\nd: inline\n", directory.path + "/f.yaml"};
  Reader r = f.reader();
  Secret a, b, c, d, e;
  CHECK(r.get_secret("a", a));
  CHECK(r.get_secret("b", b));
  CHECK(r.get_secret("c", c));
  CHECK(r.get_secret("d", d, true));
  CHECK_FALSE(r.get_secret("e", e));
  r.finish();
  CHECK(f.said().empty());
  CHECK(a.reveal() == "hunter2");
  CHECK(b.reveal() == "from-env");
  CHECK(c.reveal() == "hunter2");
  CHECK(d.reveal() == "inline");
}

TEST_CASE(
    "one name finds a credential in the service, in its folder of credentials, and beside the configuration by hand") {
  const Directory directory;
  const std::filesystem::path folder{directory.path};
  const auto read = [&](const std::string& text) {
    Fixture f{text, directory.path + "/f.yaml"};
    Secret secret;
    (void)f.reader().get_secret("a", secret);
    return f.problems.empty() ? secret.reveal() : f.problems.front().message;
  };
  CHECK(read("a_credential: crmpulse-test-token\n") == "there is no credential 'crmpulse-test-token'; put it into " +
                                                           directory.path +
                                                           "/credentials/crmpulse-test-token (owner root, mode 0600)");
  std::filesystem::create_directory(folder / "credentials");
  directory.file("credentials/crmpulse-test-token", "by-hand\n");
  CHECK(read("a_credential: crmpulse-test-token\n") == "by-hand");
  std::filesystem::create_directory(folder / "service");
  const Variable service{"CREDENTIALS_DIRECTORY", directory.path + "/service"};
  // What is beside the configuration is not the service's to read.
  CHECK(read("a_credential: crmpulse-test-token\n") ==
        "systemd has not handed over a credential 'crmpulse-test-token'; put it into " + directory.path +
            "/credentials/crmpulse-test-token and restart the service");
  directory.file("service/crmpulse-test-token", "one-by-one\n");
  CHECK(read("a_credential: crmpulse-test-token\n") == "one-by-one");
  // systemd names the files of a folder so: LoadCredential=crmpulse:FOLDER.
  directory.file("service/crmpulse_crmpulse-test-token", "of-the-folder\n");
  CHECK(read("a_credential: crmpulse-test-token\n") == "of-the-folder");
}

TEST_CASE("a file protected by Windows is refused elsewhere, with the key to write instead") {
  const Directory directory;
  directory.file("token.dpapi", "x");
  Fixture f{"a_dpapi_file: token.dpapi\nb_dpapi_file: token.dpapi\nb_file: token\nc: {key_dpapi_file: token.dpapi}\n",
            directory.path + "/f.yaml"};
  Reader r = f.reader();
  Secret secret;
  std::string path;
  CHECK_FALSE(r.require_secret("a", secret));
  CHECK_FALSE(r.get_secret("b", secret));
  CHECK_FALSE(r.child("c").get_secret_path("key", path));
  CHECK(f.said().find(":1: a_dpapi_file: is for Windows; use a_file") != std::string::npos);
  CHECK(f.said().find("b_dpapi_file: only one of b_file, b_dpapi_file may be given") != std::string::npos);
  CHECK(
      f.said().find(":4: c.key_dpapi_file: a library reads this file by itself, and cannot decrypt it; use key_file") !=
      std::string::npos);
  CHECK(secret.empty());
  CHECK(dpapi_protect("hunter2").has_error());
  CHECK(dpapi_unprotect("x").has_error());
}

TEST_CASE("a key that a library reads by itself is named by a file or a credential") {
  const Directory directory;
  std::filesystem::create_directory(std::filesystem::path{directory.path} / "credentials");
  const std::string handed = directory.file("credentials/tls.key", "x");
  const std::string file = directory.file("own.key", "x");
  Fixture f{
      "a: {key_credential: tls.key}\nb: {key_file: own.key}\nc: {}\nd: {key_file: own.key, key_credential: tls.key}\n"
      "e: {key_file: none.key}\nf: {key_credential: none.key}\n",
      directory.path + "/f.yaml"};
  Reader r = f.reader();
  std::string path;
  CHECK(r.child("a").get_secret_path("key", path));
  CHECK(path == handed);
  CHECK(r.child("b").get_secret_path("key", path));
  CHECK(path == file);
  CHECK_FALSE(r.child("c").get_secret_path("key", path));
  CHECK(f.said().empty());
  for (const char* key : {"d", "e", "f"}) CHECK_FALSE(r.child(key).get_secret_path("key", path));
  CHECK(f.said().find(":4: d.key_file: key_file or key_credential, not both") != std::string::npos);
  CHECK(f.said().find(":5: e.key_file: there is no file '" + directory.path + "/none.key'") != std::string::npos);
  CHECK(f.said().find(":6: f.key_credential: there is no credential 'none.key'") != std::string::npos);
}

TEST_CASE("white space behind a secret is dropped, wherever it comes from") {
  const Directory directory;
  directory.file("token", "hunter2 \t\r\n\n");
  directory.file("notepad", "\xEF\xBB\xBFhunter2\r\n");
  const Variable variable{"CRMPULSE_TEST_SECRET", "hunter2 \n"};
  const Variable credentials{"CREDENTIALS_DIRECTORY", directory.path};
  Fixture f{
      "a_file: token\nb_env: CRMPULSE_TEST_SECRET\nc_credential: token\nd: 'hunter2  '\ne_file: notepad\nf_file: "
      "token\n",
      directory.path + "/f.yaml"};
  Reader r = f.reader();
  for (const char* key : {"a", "b", "c", "d", "e"}) {
    Secret secret;
    CHECK(r.get_secret(key, secret, true));
    CHECK(secret.reveal() == "hunter2");
  }
  Secret password;
  CHECK(r.get_secret("f", password, SecretForm::password));
  CHECK(password.reveal() == "hunter2");
  CHECK(f.said().empty());
}

TEST_CASE("a blank or a control character inside a URL, a token or a key is refused without showing it") {
  for (const char* text : {"hunter 2", "hunter\t2",
                           "hunter\x01"
                           "2",
                           "hunter\x7f",
                           "hunter\xC2\xA0"
                           "2",
                           "hunter\xE2\x80\x8B"
                           "2",
                           "hunter\xE3\x80\x80"
                           "2",
                           "hunter\n2", "hunter\r2", " hunter2"}) {
    INFO(text);
    const auto read = read_secret(text, SecretForm::token, "secret file t");
    REQUIRE(read.has_error());
    CHECK(read.error().message.starts_with("secret file t has "));
    CHECK(read.error().message.find("hunter") == std::string::npos);
  }
  // Letters of any script are letters.
  CHECK(read_secret("https://example.com/秘密-é", SecretForm::token, "t").has_value());
}

TEST_CASE("a password holds blanks and one line, a key in PEM form and a list of tokens several") {
  CHECK(read_secret("my dog\xC2\xA0has fleas\n", SecretForm::password, "t").value().reveal() ==
        "my dog\xC2\xA0has fleas");
  CHECK(read_secret("two\nlines\n", SecretForm::password, "t").error().message ==
        "t has more than one line; a secret is one");
  CHECK(read_secret(std::string_view{"with\0nul", 8}, SecretForm::password, "t").has_error());
  CHECK(read_secret("one\ntwo three\n", SecretForm::words, "t").value().reveal() == "one\ntwo three");
  CHECK(read_secret("-----BEGIN KEY-----\r\nabc\r\n-----END KEY-----\r\n", SecretForm::pem, "t").value().reveal() ==
        "-----BEGIN KEY-----\r\nabc\r\n-----END KEY-----");
  CHECK(read_secret("a\x1b[0m", SecretForm::words, "t").has_error());
  CHECK(read_secret(" \n", SecretForm::password, "t").error().message == "t is empty");
}

TEST_CASE("a secret is a file: a pipe, a folder and a device are refused and not waited for") {
  const Directory directory;
  const std::string pipe = directory.path + "/pipe";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(secret_from_file(pipe, SecretForm::token).error().message ==
        "secret file " + pipe + " is a pipe, not a file with the secret in it");
  CHECK(secret_from_file(directory.path, SecretForm::token).error().message ==
        "secret file " + directory.path + " is a folder, not a file with the secret in it");
  CHECK(secret_from_file("/dev/zero", SecretForm::password).error().message ==
        "secret file /dev/zero is a device or socket, not a file with the secret in it");
  // Kubernetes and others link to it.
  directory.file("real", "hunter2\n");
  std::filesystem::create_symlink(directory.path + "/real", directory.path + "/link");
  CHECK(secret_from_file(directory.path + "/link", SecretForm::token).value().secret.reveal() == "hunter2");
}

TEST_CASE("a bad source of a secret is a problem that does not show it") {
  const Directory directory;
  directory.file("empty", "\n");
  directory.file("token", "hunter2\n");
  const Variable credentials{"CREDENTIALS_DIRECTORY", directory.path};
  Fixture f{
      "a: hunter2\n"
      "b: hunter2\n"
      "b_file: token\n"
      "c_file: nothing\n"
      "d_file: empty\n"
      "e_env: CRMPULSE_TEST_UNSET\n"
      "f_credential: ../token\n",
      directory.path + "/f.yaml"};
  Reader r = f.reader();
  Secret secret;
  for (const char* key : {"a", "b", "c", "d", "e", "f"}) CHECK_FALSE(r.get_secret(key, secret));
  CHECK_FALSE(r.require_secret("g", secret));
  const std::string file = directory.path + "/f.yaml";
  CHECK(f.said() ==
        file + ":1: a: a secret must not be written in this file; use a_file, a_env or a_credential\n" +  //
            file + ":3: b_file: only one of b, b_file may be given\n" +                                   //
            file + ":4: c_file: secret file " + directory.path +
            "/nothing cannot be read: No such file or directory\n" + file + ":5: d_file: secret file " +
            directory.path + "/empty is empty\n" +  //
            file + ":6: e_env: environment variable CRMPULSE_TEST_UNSET is not set\n" + file +
            ":7: f_credential: '../token' is not the name of a credential; write the name of a file in the folder " +
            directory.path + "/credentials\n" + file + ":1: g: required; give g_file, g_env or g_credential");
  CHECK(f.said().find("hunter2") == std::string::npos);
}

TEST_CASE("a secret file others may read is a warning, not an error") {
  const Directory directory;
  const auto closed = secret_from_file(directory.file("closed", "x"));
  CHECK_FALSE(closed.value().warning);
  const auto open = secret_from_file(directory.file("open", "hunter2", 0644));
  REQUIRE(open.value().warning);
  CHECK(open.value().secret.reveal() == "hunter2");
  CHECK(*open.value().warning ==
        "secret file " + directory.path + "/open is open to other users (mode 0644); chmod 600 closes it");
}

TEST_CASE("a secret that root hands to the service's group is not open to others") {
  if (::geteuid() != 0) return;  // nobody else makes such a file
  const Directory directory;
  const std::string handed = directory.file("handed", "hunter2\n");
  REQUIRE(::chmod(directory.path.c_str(), 0755) == 0);
  REQUIRE(::chown(handed.c_str(), 0, 10001) == 0);
  REQUIRE(::chmod(handed.c_str(), 0440) == 0);
  CHECK(readable_by_others(handed));  // root's own group needs no such thing
  const auto as_service = [&](gid_t group) {
    REQUIRE((::setegid(group) == 0 && ::seteuid(10001) == 0));
    const bool warned = readable_by_others(handed).has_value();
    REQUIRE((::seteuid(0) == 0 && ::setegid(0) == 0));
    return warned;
  };
  CHECK_FALSE(as_service(10001));
  CHECK(as_service(10002));
  REQUIRE(::chmod(handed.c_str(), 0444) == 0);
  CHECK(as_service(10001));
}

TEST_CASE("a relative path starts at the directory of its document") {
  Fixture f{"a: x.pem\nb: /etc/x.pem\n", "/srv/conf/f.yaml"};
  Reader r = f.reader();
  std::string a, b;
  CHECK(r.get_path("a", a));
  CHECK(r.get_path("b", b));
  CHECK(a == "/srv/conf/x.pem");
  CHECK(b == "/etc/x.pem");
}
