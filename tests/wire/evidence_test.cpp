#include "wire/evidence.h"

#include <catch2/catch.hpp>

using namespace crmpulse;

namespace {

const Evidence kLine{from_unix_millis(1'795'251'600'000),    "acme", "tryton", "branch-1", "read", "connect", "refused",
                     "could not connect: \"数据库\" \\ gone"};

wire::DecodeError refusal_of(std::string_view body) {
  const auto result = wire::decode_evidence(body);
  REQUIRE_FALSE(result.has_value());
  return result.error();
}

}  // namespace

TEST_CASE("evidence lines round-trip") {
  Evidence change = kLine;
  change.operation = change.stage = change.reason = "";
  change.at += Duration{7};
  const std::vector<Evidence> lines{kLine, change};
  const std::string body = wire::encode_evidence(lines);
  CHECK(std::count(body.begin(), body.end(), '\n') == 2);
  CHECK(wire::decode_evidence(body).value().lines == lines);
  CHECK(wire::decode_evidence("").value().lines.empty());
  CHECK(wire::decode_evidence("\n \r\n" + body + "\n").value().lines == lines);
}

TEST_CASE("encode makes any text fit for decode") {
  Evidence line = kLine;
  line.text = "first\nsecond\x01" + std::string(1000, 'x') + "\xff";
  const auto back = wire::decode_evidence(wire::encode_evidence({&line, 1})).value().lines;
  REQUIRE(back.size() == 1);
  CHECK(back[0].text.size() <= kMaxEvidenceText);
  CHECK_THAT(back[0].text, Catch::StartsWith("first second x"));
}

TEST_CASE("a text of no valid UTF-8 costs no line") {
  for (const char* bytes :
       {"\xed\xa0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xf4\x90\x80\x80", "\xed\xa0\xbd\xed\xb8\x80", "\xe2\x82"}) {
    Evidence line = kLine;
    line.text = std::string{"column "} + bytes;
    const std::vector<Evidence> sent{kLine, line, kLine};
    const auto taken = wire::decode_evidence(wire::encode_evidence(sent)).value();
    CHECK(taken.unreadable == 0);
    REQUIRE(taken.lines.size() == 3);
    CHECK(taken.lines[1].text == "column");
  }
}

TEST_CASE("one bad line costs itself alone, and is counted and named") {
  const std::string good = wire::encode_evidence({&kLine, 1});
  const auto between = [&](std::string_view line) {
    const auto taken = wire::decode_evidence(good + std::string{line} + "\n" + good).value();
    CHECK(taken.lines == std::vector{kLine, kLine});
    CHECK(taken.unreadable == 1);
    CHECK_THAT(taken.why, Catch::StartsWith("line 2: "));
  };
  for (const char* line : {
           R"({"at":"2026-11-21T09:00:00Z"})",
           R"({"at":"2026-11-21T09:00:00Z","crm":""})",
           R"({"at":"yesterday","crm":"a"})",
           R"({"at":5,"crm":"a"})",
           R"({"crm":"a"})",
           R"({"at":"2026-11-21T09:00:00Z","crm":"a","stage":"nowhere"})",
           R"({"at":"2026-11-21T09:00:00Z","crm":"a","reason":"because"})",
           R"({"at":"2026-11-21T09:00:00Z","crm":7})",
           R"({"at":"2026-11-21T09:00:00Z","crm":"a","text":["x"]})",
           R"({"at":"2026-11-21T09:00:00Z","crm":"a","text":"two\nlines"})",
       }) {
    between(line);
    const wire::DecodeError refusal = refusal_of(line);
    CHECK(refusal.status == 400);
    CHECK(refusal.code == "evidence");
    CHECK_THAT(refusal.message, Catch::StartsWith("line 1: "));
  }
  for (const std::string line :
       {"{", "[]", "5", "nonsense", "{}{}", "{\"at\":\"2026-11-21T09:00:00Z\",\"crm\":\"\xff\"}",
        "{\"at\":\"2026-11-21T09:00:00Z\",\"crm\":\"a\",\"text\":\"\xed\xa0\x80\"}"}) {
    between(line);
    CHECK(refusal_of(line).code == "json");
    CHECK(refusal_of(line).status == 400);
  }
  between(std::string(100'000, '['));
}

TEST_CASE("a body without any line that can be read is refused as its first line says") {
  const wire::DecodeError refusal = refusal_of("\n{\"crm\":\"a\"}\nnonsense\n");
  CHECK(refusal.status == 400);
  CHECK(refusal.code == "evidence");
  CHECK(refusal.message == "line 2: at is missing");
}

TEST_CASE("keys of later versions are passed over") {
  const auto lines = wire::decode_evidence(R"({"at":"2026-11-21T09:00:00Z","crm":"a","later":{"x":1}})").value().lines;
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].crm == "a");
}

TEST_CASE("evidence is bounded in bytes, lines and text") {
  Evidence line = kLine;
  line.text = std::string(kMaxEvidenceText, 'x');
  CHECK(wire::decode_evidence(wire::encode_evidence({&line, 1})).has_value());
  std::string body = wire::encode_evidence({&line, 1});
  body.insert(body.find("xxx"), "x");
  CHECK(refusal_of(body).status == 413);
  CHECK(refusal_of(std::string(wire::kMaxEvidenceBytes + 1, ' ')).status == 413);
  const std::vector<Evidence> many(wire::kMaxEvidenceLines, Evidence{kLine.at, "a", "", "", "", "", "", ""});
  std::string full = wire::encode_evidence(many);
  CHECK(wire::decode_evidence(full).value().lines.size() == wire::kMaxEvidenceLines);
  const std::string bad = "nonsense\n";
  CHECK(refusal_of(full + wire::encode_evidence({many.data(), 1})).status == 413);
  CHECK(refusal_of(full + bad).status == 413);
}
