#include "config/node.h"

#include <catch2/catch.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>

using namespace crmpulse;
using namespace crmpulse::config;

namespace {

std::string refusal(std::string_view text) {
  const auto document = load_text(text, "f.yaml");
  return document ? "accepted" : to_string(document.error());
}

const Node& member(const Node& mapping, std::string_view key) {
  for (const auto& [name, node] : mapping.members) {
    if (name == key) return node;
  }
  FAIL("no member " << key);
  return mapping;
}

}  // namespace

TEST_CASE("every key and value knows the line it stands in") {
  const Document document = load_text(
                                "# comment\n"
                                "name: a\n"
                                "crms:\n"
                                "  - one: 1\n"
                                "    two:\n"
                                "      deep: x\n"
                                "  -\n"
                                "    one: 2\n"
                                "text: |\n"
                                "  long\n"
                                "  text\n"
                                "flow: {a: 1,\n"
                                "  b: 2}\n"
                                "empty:\n"
                                "last: \"30\"\n",
                                "f.yaml")
                                .value();
  const Node& root = document.root;
  REQUIRE(root.kind == Node::Kind::mapping);
  CHECK(member(root, "name").line == 2);
  CHECK(member(root, "name").key_line == 2);
  const Node& crms = member(root, "crms");
  CHECK(crms.key_line == 3);
  REQUIRE(crms.items.size() == 2);
  CHECK(crms.items[0].line == 4);
  CHECK(crms.items[0].key_line == 0);
  CHECK(member(crms.items[0], "two").key_line == 5);
  CHECK(member(member(crms.items[0], "two"), "deep").line == 6);
  CHECK(crms.items[1].line == 8);
  CHECK(member(root, "text").line == 9);
  CHECK(member(root, "text").scalar == "long\ntext\n");
  CHECK(member(member(root, "flow"), "b").line == 13);
  CHECK(member(root, "empty").kind == Node::Kind::null);
  CHECK(member(root, "empty").line == 14);
  CHECK(member(root, "last").line == 15);
  CHECK(member(root, "last").quoted);
  CHECK_FALSE(member(root, "name").quoted);
}

TEST_CASE("an alias is a copy that remembers where it was written") {
  const Document document = load_text("a: &x {one: 1}\nb: *x\n", "f.yaml").value();
  const Node& copy = member(document.root, "b");
  CHECK(copy.line == 1);
  CHECK(copy.key_line == 2);
  CHECK(member(copy, "one").scalar == "1");
}

TEST_CASE("null is not absent, and ~ is null") {
  const Document document = load_text("a:\nb: ~\nc: null\nd: 'null'\n", "f.yaml").value();
  CHECK(member(document.root, "a").kind == Node::Kind::null);
  CHECK(member(document.root, "b").kind == Node::Kind::null);
  CHECK(member(document.root, "c").kind == Node::Kind::null);
  CHECK(member(document.root, "d").scalar == "null");
}

TEST_CASE("an empty document has a null root") {
  CHECK(load_text("", "f.yaml").value().root.kind == Node::Kind::null);
  CHECK(load_text("# only a comment\n", "f.yaml").value().root.kind == Node::Kind::null);
}

TEST_CASE("a tab in the indentation is called a tab, with its line") {
  const std::string tab = "not YAML: there is a tab in the indentation; YAML is indented with blanks only";
  CHECK(refusal("a:\n\tb: 1\n") == "f.yaml:2: " + tab);
  CHECK(refusal("\ta: 1\n") == "f.yaml:1: " + tab);
  CHECK(refusal("a:\n  - x\n\t- y\n") == "f.yaml:3: " + tab);
  CHECK(refusal("a:\n  -\tb: 1\n    c: 2\n") == "f.yaml:2: " + tab);
  CHECK(refusal("a: 1\n  \tb: 2\n") == "f.yaml:2: " + tab);
  CHECK(refusal("q: |\n\tx\n") == "f.yaml:2: " + tab);
  // Where YAML allows one it is a blank.
  CHECK(member(load_text("a:\tb\t# c\n", "f.yaml").value().root, "a").scalar == "b");
  CHECK(member(load_text("q: |\n  x\n  \ty\n", "f.yaml").value().root, "q").scalar == "x\n\ty\n");
  // A mistake of another kind keeps its own words.
  CHECK(refusal("a: [1, 2\nb: 3\n").find("tab") == std::string::npos);
}

TEST_CASE("null as a key is a word, as a value nothing") {
  const auto document = load_text("{value: a, null: skip, other: null}\n", "f.yaml");
  REQUIRE(document.has_value());
  REQUIRE(document->root.members.size() == 3);
  CHECK(document->root.members[1].first == "null");
  CHECK(document->root.members[1].second.scalar == "skip");
  CHECK(document->root.members[2].second.kind == Node::Kind::null);
}

TEST_CASE("what yaml-cpp lets pass is refused with its line") {
  CHECK(refusal("a: 1\nb: 2\na: 3\n") == "f.yaml:3: duplicate key 'a', already in line 1");
  CHECK(refusal("a: {x: 1, x: 2}\nb: {y: 1, y: 2}\n") ==
        "f.yaml:1: duplicate key 'x', already in line 1\nf.yaml:2: duplicate key 'y', already in line 2");
  CHECK(refusal("a: 1\n---\nb: 2\n") == "f.yaml:2: a second document begins here; a file holds one");
  CHECK(refusal("a: &x {}\nb:\n  <<: *x\n") == "f.yaml:3: merge keys (<<) are not supported; write the keys out");
  CHECK(refusal("? [1, 2]\n: x\n") == "f.yaml:1: a key must be text");
  CHECK(refusal("\na: !custom 3\n") == "f.yaml:2: tags are not supported (here '!custom')");
  CHECK(refusal("a: &x\n  b: *x\n") == "f.yaml:2: an alias stands inside the value it names");
  CHECK(refusal("ok: 1\nbad: \xff\xfe\n") == "f.yaml:2: not UTF-8 text");
  CHECK(refusal(std::string_view{"a: 1\0", 5}) == "f.yaml:1: a NUL byte; this is not a text file");
}

TEST_CASE("what is not YAML is refused with its line") {
  for (const char* text : {"a: 1\nb: [1, 2\n", "a: 1\n b: 2\n", "a: 1\n}\n", "a: 1\n\tb: 2\n", "a: *nowhere\n",
                           "a: 'open\nb: 1\n", "a: \"open"}) {
    INFO(text);
    const std::string message = refusal(text);
    CHECK(message.find("f.yaml:") == 0);
    CHECK(message.find("not YAML: ") != std::string::npos);
  }
  CHECK(refusal("a: 1\nb: }\n").starts_with("f.yaml:2: not YAML: "));
}

TEST_CASE("a hostile document costs bounded memory and time") {
  std::string deep(100'000, '[');
  CHECK(refusal(deep) == "f.yaml:1: nested more than 64 levels deep");
  std::string lines;
  for (int i = 0; i < 70; ++i) lines += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  CHECK(refusal(lines).ends_with("nested more than 64 levels deep"));
  std::string laughs = "a: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    laughs += "b" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) laughs += (j == 0 ? "*a" : ", *a") + std::to_string(i - 1);
    laughs += "]\n";
  }
  CHECK(refusal(laughs).ends_with("more than 500000 values, aliases counted"));
  CHECK(refusal(std::string(kMaxDocumentBytes + 1, ' ')) == "f.yaml: larger than 4 MiB");
}

TEST_CASE("a malformed list of documents does not eat the memory") {
  CHECK(refusal("---\n- [\n---\n- ]\n---\n").starts_with("f.yaml:"));
  CHECK(refusal("a: 1\n...\n...\n[\n") != "accepted");
}

TEST_CASE("files that cannot be read say why") {
  CHECK(to_string(load_file("/nonexistent/x.yaml").error()) ==
        "/nonexistent/x.yaml: cannot be read: No such file or directory");
  const std::string directory = std::filesystem::temp_directory_path().string();
#ifdef _WIN32
  const std::string why = "Permission denied";
#else
  const std::string why = "Is a directory";
#endif
  CHECK(to_string(load_file(directory).error()) == directory + ": cannot be read: " + why);
}
