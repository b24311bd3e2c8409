// Rules in words: exact for some, and something sensible for every shipped one.

#include "collector/message/rule_words.h"

#include <catch2/catch.hpp>

#include "config/rules_file.h"

using namespace crmpulse;
using namespace crmpulse::collector;

namespace {

const Ruleset& shipped() {
  static const Ruleset kRules = config::load_rules({CRMPULSE_SOURCE_DIR "/config/rules/default.yaml"}).value();
  return kRules;
}

Bilingual of(const std::string& id) {
  for (const Rule& rule : shipped().rules) {
    if (rule.id == id) return rule_words(rule);
  }
  return {};
}

}  // namespace

TEST_CASE("a rule is told as what it measures, from where on, and for how long") {
  CHECK(of("latency").en ==
        "response time (p75 of 5 min): sub-healthy from 1 s, held for 2 min; poor from 3 s, held for 1 min");
  CHECK(of("latency").zh == "响应时间（5 分钟的 p75）。亚健康：达 1 秒，持续 2 分钟；不良：达 3 秒，持续 1 分钟");
  CHECK(of("availability").en ==
        "availability (good ones of 1 h): sub-healthy at 99.9% or less; poor at 99% or less; alone it makes a CRM "
        "sub-healthy at most");
  CHECK(of("availability").zh ==
        "可用性（1 小时内的成功占比）。亚健康：低至 99.9%；不良：低至 99%；单独最多使 CRM 为亚健康");
  CHECK(of("availability_outage").en.find("poor once 3 checks in a row failed") != std::string::npos);
  CHECK(of("availability_outage").zh.find("不良：连续 3 次检查失败") != std::string::npos);
}

TEST_CASE("every shipped rule has words in both languages, without holes") {
  REQUIRE(shipped().rules.size() > 20);
  for (const Rule& rule : shipped().rules) {
    const Bilingual words = rule_words(rule);
    INFO(rule.id << ": " << words.en << " | " << words.zh);
    CHECK(words.en.find("sub-healthy ") != std::string::npos);
    CHECK(words.zh.find("亚健康：") != std::string::npos);
    for (const std::string& text : {words.en, words.zh}) {
      CHECK(text.find('{') == std::string::npos);
      CHECK(text.find("?") == std::string::npos);
      CHECK(text.find("  ") == std::string::npos);
    }
    CHECK(rule.line > 0);
    CHECK(rule.file.ends_with("default.yaml"));
  }
}
