#include "core/words/measure.h"

#include <catch2/catch.hpp>

using namespace crmpulse;

namespace {

Measured of(std::string_view metric, std::string_view aggregator, std::string_view unit, double value, double sub,
            double poor) {
  return {.rule = "mine",
          .dimension = "own",
          .dimension_name = {},
          .metric = metric,
          .aggregator = aggregator,
          .unit = unit,
          .of = {},
          .value = value,
          .lines = {sub, poor}};
}

std::string said(Measured measured, double line, bool below, Language language) {
  return measure_words(measured, {line, language == Language::zh ? "不良" : "poor", below}, language).said;
}

}  // namespace

TEST_CASE("what a rule counts is said by what it measures, whoever wrote the rule") {
  const auto check = [](const Measured& measured, const char* en, const char* zh, bool below = false) {
    CHECK(said(measured, measured.lines[1], below, Language::en) == en);
    CHECK(said(measured, measured.lines[1], below, Language::zh) == zh);
  };
  check(of("crm_up", "failures_in_row", "count", 3, 2, 3), "3 checks in a row failed (poor from 3)",
        "连续 3 次检查失败（达 3 次为不良）");
  check(of("crm_transaction_success", "failures_in_row", "count", 1, 1, 1), "1 transaction failed (poor from 1)",
        "连续 1 次事务失败（达 1 次为不良）");
  check(of("crm_last_modified_timestamp_seconds", "age", "seconds", 13'200, 3600, 3600),
        "no change for 3 h 40 min (poor from 1 h)", "数据已 3 小时 40 分钟未更新（达 1 小时为不良）");
  check(of("crm_backup_timestamp_seconds", "age", "seconds", 50 * 3600, 26 * 3600, 50 * 3600),
        "no backup for 2 d 2 h (poor from 2 d 2 h)", "已 2 天 2 小时未备份（达 2 天 2 小时为不良）");
  check(of("crm_backup_bytes", "baseline_drop", "ratio", 0.95, 0.5, 0.9),
        "the backup is 95% smaller than usual (poor from 90%)", "备份比平时小 95%（达 90% 为不良）");
  check(of("crm_certificate_expiry_timestamp_seconds", "age", "seconds", -2.5 * 86'400, -14 * 86'400, -3 * 86'400),
        "the certificate expires in 2 d 12 h (poor from 3 d before)", "证书将在 2 天 12 小时后到期（提前 3 天为不良）");
  check(of("crm_certificate_expiry_timestamp_seconds", "age", "seconds", 86'400, -14 * 86'400, -3 * 86'400),
        "the certificate expired 24 h ago (poor from 3 d before)", "证书已过期 24 小时（提前 3 天为不良）");
  check(of("crm_up", "burn", "burn_rate", 14.4, 6, 14.4),
        "the error budget is spent at 14.4 times the allowed rate (poor from 14.4)",
        "错误预算消耗速度为允许值的 14.4 倍（达 14.4 为不良）");
  check(of("crm_operation_duration_seconds", "apdex", "ratio", 0.69, 0.85, 0.7), "Apdex 0.69 (poor at 0.7 or less)",
        "Apdex 为 0.69（低至 0.7 为不良）", true);
  check(of("crm_vendor_status", "last", "count", 3, 2, 3), "the vendor reports a major incident", "厂商报告重大故障");
  check(of("crm_up", "last", "count", 0, 0.5, 0), "the last check failed", "最近一次检查失败", true);
  check(of("crm_agent_paused_seconds", "last", "seconds", 7200, 120, 3600),
        "nothing asked for 2 h, the CRM wants to be left alone (poor from 1 h)",
        "应 CRM 要求已暂停访问 2 小时（达 1 小时为不良）");
  check(of("queue_length", "last", "tickets", 1234, 500, 1000), "own (mine) 1,234 tickets (poor from 1,000 tickets)",
        "own（mine）1,234 tickets（达 1,000 tickets 为不良）");
  check(of("queue_seen", "age", "seconds", 600, 60, 300), "own (mine) nothing new for 10 min (poor from 5 min)",
        "own（mine）已 10 分钟没有更新（达 5 分钟为不良）");
  check(of("queue_ok", "failures_in_row", "count", 4, 2, 4), "own (mine) failed 4 times in a row (poor from 4)",
        "own（mine）连续 4 次失败（达 4 次为不良）");
}

TEST_CASE("of a message that names no metric the shipped rules are known by their ids") {
  Measured outage = of("", "", "count", 3, 2, 3);
  outage.rule = "availability_outage";
  outage.dimension = "availability";
  outage.dimension_name = "availability";
  const MeasureWords words = measure_words(outage, {3, "poor", false}, Language::en);
  CHECK(words.name == "availability");
  CHECK(words.value == "3 checks in a row failed (poor from 3)");
  CHECK(words.said == words.value);
}

TEST_CASE("which of several is worst stands in the name, and before a phrase") {
  Measured idle = of("crm_last_modified_timestamp_seconds", "age", "seconds", 3 * 86'400, 86'400, 86'400 * 2);
  idle.rule = "staleness_object";
  idle.dimension = "staleness";
  idle.dimension_name = "data age";
  idle.of = "Account";
  idle.working_time = true;
  const MeasureWords words = measure_words(idle, {86'400 * 2.0, "poor", false}, Language::en);
  CHECK(words.name == "data age (Account)");
  CHECK(words.said == "Account: no change for 3 d of working time (poor from 2 d)");
  idle.dimension_name = "数据更新";
  CHECK(measure_words(idle, {86'400 * 2.0, "不良", false}, Language::zh).said ==
        "Account：数据已 3 天未更新（只计工作时间，达 2 天为不良）");
}

TEST_CASE("a value beside its threshold is never told as on the other side") {
  const Measured slow = of("crm_operation_duration_seconds", "p75", "seconds", 3.999, 1, 4);
  CHECK(measure_words(slow, {1, "sub-healthy", false}, Language::en).value == "3.999 s (sub-healthy from 1 s)");
  const Measured good = of("crm_up", "ratio", "ratio", 0.98996, 0.99, 0.95);
  CHECK(measure_words(good, {0.99, "sub-healthy", true}, Language::en).value == "98.996% (sub-healthy at 99% or less)");
}
