#include "agent/textfile/text_format.h"

#include <catch2/catch.hpp>

using namespace crmpulse;
using namespace crmpulse::agent;

namespace {

const TimePoint kNow = parse_time("2026-11-21T09:00:00Z").value();

std::string fault(std::string_view text, const std::set<std::string, std::less<>>& taken = {}) {
  const auto read = parse_text_format(text, "b.prom", taken, kNow);
  return read ? "" : to_string(read.error());
}

}  // namespace

TEST_CASE("a script's file is read as Prometheus writes it") {
  const auto read = parse_text_format(
      "# HELP crm_backup_timestamp_seconds newest backup\n"
      "# TYPE crm_backup_timestamp_seconds gauge\r\n"
      "crm_backup_timestamp_seconds 1795251600\r\n"
      "\n"
      "  crm_backup_bytes\t+1.5e9 \n"
      "crm_records { object = \"invoice\", path=\"a\\\\b\\\"c\\nd\", } 12\n",
      "b.prom", {}, kNow);
  REQUIRE(read.has_value());
  CHECK(*read == std::vector<Sample>{
                     {"crm_backup_timestamp_seconds", {}, 1795251600, kNow},
                     {"crm_backup_bytes", {}, 1.5e9, kNow},
                     {"crm_records", {{"object", "invoice"}, {"path", "a\\b\"c\nd"}}, 12, kNow},
                 });
}

TEST_CASE("what a file may not say is refused by its line") {
  CHECK(fault("").empty());
  CHECK(fault("# only words\n").empty());
  CHECK(fault("crm_backup_bytes 1\ncrm_backup_size 2\n") ==
        "b.prom:2: there is no metric crm_backup_size; docs/reference.md lists them");
  CHECK(fault("node_load1 1\n").find("there is no metric node_load1") != std::string::npos);
  CHECK(fault("crm_up 1\n") == "b.prom:1: crm_up is written by the agent itself");
  CHECK(fault("crm_operation_success{operation=\"read\"} 1\n").find("by the agent itself") != std::string::npos);
  CHECK(fault("crm_records{object=\"a\"} 1\n", {"crm_records"}) ==
        "b.prom:1: crm_records is measured by the CRM's recipe already");
  CHECK(fault("crm_records 1\n") == "b.prom:1: crm_records needs the label object");
  CHECK(fault("crm_backup_bytes{crm=\"other\"} 1\n") ==
        "b.prom:1: the label crm is set by the agent itself; leave it out");
  CHECK(fault("crm_backup_bytes{a=\"1\",a=\"2\"} 1\n") == "b.prom:1: the label a stands twice");
  CHECK(fault("crm_backup_bytes{a=\"\xff\"} 1\n") ==
        "b.prom:1: the value of the label a must be 1 to 256 bytes of UTF-8");
  CHECK(fault("crm_backup_bytes{a=\"1} 1\n") == "b.prom:1: the value of the label a has no closing quote");
  CHECK(fault("crm_backup_bytes{a=1} 1\n") == "b.prom:1: the value of the label a must stand in double quotes");
  CHECK(fault("crm_backup_bytes{a} 1\n") == "b.prom:1: the label a has no value");
  CHECK(fault("crm_backup_bytes{a=\"1\" b=\"2\"} 1\n") == "b.prom:1: the labels do not end with }");
  CHECK(fault("crm_backup_bytes{\n") == "b.prom:1: '' is not a valid label name");
  CHECK(fault("crm_backup_bytes\n") == "b.prom:1: '' is not a valid number");
  CHECK(fault("crm_backup_bytes 12k\n") == "b.prom:1: '12k' is not a valid number");
  CHECK(fault("crm_backup_bytes NaN\n") == "b.prom:1: 'NaN' is not a valid number");
  CHECK(fault("crm_backup_bytes +Inf\n") == "b.prom:1: '+Inf' is not a valid number");
  CHECK(fault("crm_backup_bytes 1 1795251600000\n") ==
        "b.prom:1: a time stamp, or something else, stands behind the value; leave it out");
  CHECK(fault("crm_backup_timestamp_seconds 1795251600000\n") ==
        "b.prom:1: crm_backup_timestamp_seconds must be a Unix time in seconds, such as `date +%s` gives");
  CHECK(fault("crm_backup_timestamp_seconds 0\n").find("must be a Unix time") != std::string::npos);
  CHECK(fault("crm_backup_bytes 1\ncrm_backup_bytes 2\n") == "b.prom:2: crm_backup_bytes stands twice");
  CHECK(fault("crm_backup_bytes 17") ==
        "b.prom:1: the last line has no end: write the file under another name, then rename it");
  CHECK(fault(">?!\n") == "b.prom:1: the line does not start with the name of a metric");
}

TEST_CASE("a file has at most 200 samples") {
  std::string text;
  for (int i = 0; i < 200; ++i) text += "crm_records{object=\"o" + std::to_string(i) + "\"} 1\n";
  CHECK(fault(text).empty());
  CHECK(fault(text + "crm_backup_bytes 1\n") == "b.prom:201: there are more than 200 samples");
}
