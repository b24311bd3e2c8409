#include "probes/json/json.h"

#include <catch2/catch.hpp>

using namespace crmpulse;
using namespace crmpulse::probes;

namespace {

JsonDocument parsed(std::string_view text) {
  auto document = JsonDocument::parse(text);
  REQUIRE(document.has_value());
  return *document;
}

std::string fault(std::string_view text) {
  const auto document = JsonDocument::parse(text);
  return document.has_value() ? "" : document.error().message;
}

}  // namespace

TEST_CASE("pointers lead to values, through arrays, escapes and to the only number") {
  const JsonDocument document =
      parsed(R"json({"a":{"b":[10,{"c/d":"slash","e~f":"tilde","":"empty"}]},"row":{"COUNT(id)":7,"name":"x"},)json"
             R"json("two":{"a":1,"b":2},"0":"zero"})json");
  const JsonValue root = document.root();
  CHECK(root.at("").present());
  CHECK(root.at("/a/b/0").number() == 10.0);
  CHECK(root.at("/a/b/1/c~1d").text() == "slash");
  CHECK(root.at("/a/b/1/e~0f").text() == "tilde");
  CHECK(root.at("/a/b/1/").text() == "empty");
  CHECK(root.at("/0").text() == "zero");
  CHECK(root.at("/row/*").number() == 7.0);
  for (const char* pointer :
       {"/two/*", "/a/b/2", "/a/b/-", "/a/b/01x", "/a/b/99999999999999999999", "/nothing/more", "/0/x"}) {
    INFO(pointer);
    CHECK_FALSE(root.at(pointer).present());
  }
  for (const char* pointer : {"a", "/a~", "/a~2"}) CHECK(pointer_fault(pointer));
  for (const char* pointer : {"", "/", "/a/*", "/~0~1"}) CHECK_FALSE(pointer_fault(pointer));
}

TEST_CASE("scalars become text as JSON has them") {
  const JsonDocument document = parsed(R"([1,-2.5,1e3,true,null,"x",12345678901234567890,{"a":1},[]])");
  const auto text = [&](std::size_t i) { return document.root().item(i).text(); };
  CHECK(text(0) == "1");
  CHECK(text(1) == "-2.5");
  CHECK(text(2) == "1000");
  CHECK(text(3) == "true");
  CHECK(text(4).empty());
  CHECK(text(5) == "x");
  CHECK(text(6) == "12345678901234567890");
  CHECK(text(7).empty());
}

TEST_CASE("what is not JSON says what it is instead, and quotes nothing") {
  CHECK(fault("") == "the answer is empty where JSON was due");
  CHECK(fault(" \r\n") == "the answer is empty where JSON was due");
  CHECK(fault("<!DOCTYPE html><p>Jane") == "the answer is HTML or XML where JSON was due");
  CHECK(fault(R"({"name":"Jane)") == "the answer is JSON that was cut off");
  CHECK(fault(R"({"name":"Jane"} x)") == "the answer is not JSON");
  CHECK(fault("Jane") == "the answer is not JSON");
  CHECK(fault("{\"a\":\"\xff\"}") == "the answer is not JSON");
  CHECK(fault(std::string(100'000, '[')) == "the answer is JSON that is nested too deep");
  CHECK(fault("\xEF\xBB\xBF{\"a\":1}").empty());
}
