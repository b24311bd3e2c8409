#include "wire/evidence.h"

#include <catch2/catch.hpp>

using namespace crmpulse;

namespace {

const Evidence kLine{from_unix_millis(1'795'251'600'000),    "acme", "tryton", "branch-1", "read", "connect", "refused",
                     "could not connect: \"数据库\" \\ gone"};

wire::Refusal refusal_of(std::string_view body) {
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
  CHECK(wire::decode_evidence(body).value() == lines);
  CHECK(wire::decode_evidence("").value().empty());
  CHECK(wire::decode_evidence("\n \r\n" + body + "\n").value() == lines);
}

TEST_CASE("encode makes any text fit for decode") {
  Evidence line = kLine;
  line.text = "first\nsecond\x01" + std::string(1000, 'x') + "\xff";
  const auto back = wire::decode_evidence(wire::encode_evidence({&line, 1})).value();
  REQUIRE(back.size() == 1);
  CHECK(back[0].text.size() <= kMaxEvidenceText);
  CHECK_THAT(back[0].text, Catch::StartsWith("first second x"));
}

TEST_CASE("one bad line refuses the body and says which") {
  const std::string good = wire::encode_evidence({&kLine, 1});
  const auto with = [&](std::string_view line) { return good + std::string{line} + "\n" + good; };
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
    const wire::Refusal refusal = refusal_of(with(line));
    CHECK(refusal.status == 400);
    CHECK(refusal.code == "evidence");
    CHECK_THAT(refusal.message, Catch::StartsWith("line 2: "));
  }
  for (const std::string line :
       {"{", "[]", "5", "nonsense", "{}{}", "{\"at\":\"2026-11-21T09:00:00Z\",\"crm\":\"\xff\"}"}) {
    CHECK(refusal_of(with(line)).code == "json");
  }
  CHECK(refusal_of(with(std::string(100'000, '['))).code == "json");
}

TEST_CASE("keys of later versions are passed over") {
  const auto lines = wire::decode_evidence(R"({"at":"2026-11-21T09:00:00Z","crm":"a","later":{"x":1}})").value();
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
  CHECK(wire::decode_evidence(full).value().size() == wire::kMaxEvidenceLines);
  full += wire::encode_evidence({many.data(), 1});
  CHECK(refusal_of(full).status == 413);
}
