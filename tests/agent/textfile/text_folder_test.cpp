#include "agent/textfile/text_folder.h"

#include <sys/stat.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>

#include "agent/textfile/text_files.h"
#include "net/loop/loop.h"
#include "tests/support/temp_dir.h"

using namespace crmpulse;
using namespace crmpulse::agent;
using namespace std::chrono_literals;
using crmpulse::test::TempDir;

namespace {

const TimePoint kNow = parse_time("2026-11-21T09:00:00Z").value();
const Labels kLabels{{"agent", "a"}, {"crm", "acme"}, {"kind", "tryton"}};

double value_of(const std::vector<Sample>& samples, std::string_view metric, std::string_view file = "") {
  const auto found = std::find_if(samples.begin(), samples.end(), [&](const Sample& s) {
    return s.metric == metric && s.labels.get("file") == file && s.labels.get("crm") == "acme" &&
           s.labels.get("kind") == "tryton" && s.labels.get("agent") == "a" && s.at == kNow;
  });
  return found == samples.end() ? -1 : found->value;
}

}  // namespace

TEST_CASE("a bad file costs itself alone, and each file's age is told") {
  TempDir folder;
  folder.write("a.prom", "crm_backup_timestamp_seconds 1795200000\n");
  folder.write("b.prom", "crm_backup_size 7\ncrm_backup_bytes 7\n");
  folder.write("c.prom", "crm_backup_bytes 7\n");
  folder.write("c.prom.tmp", "crm_backup_bytes 8");
  // Nothing of a file that repeats another is taken, not what stands before it either.
  folder.write("d.prom", "crm_restore_test_timestamp_seconds 1795000000\ncrm_backup_bytes 9\n");
  folder.write("e.prom", std::string(65 * 1024, '#') + "\n");
  std::filesystem::create_directory(folder.path("f.prom"));
  REQUIRE(::mkfifo(folder.path("g.prom").c_str(), 0600) == 0);
  const auto old = std::chrono::file_clock::from_sys(std::chrono::sys_time<Duration>{kNow - 48h});
  std::filesystem::last_write_time(folder.path("a.prom"),
                                   std::chrono::time_point_cast<std::filesystem::file_time_type::duration>(old));

  const TextReading reading = read_text_folder({"acme", folder.path(""), kLabels, {}}, kNow);
  CHECK(value_of(reading.samples, "crm_backup_timestamp_seconds") == 1795200000);
  CHECK(value_of(reading.samples, "crm_backup_bytes") == 7);
  CHECK(std::none_of(reading.samples.begin(), reading.samples.end(),
                     [](const Sample& sample) { return sample.metric == "crm_restore_test_timestamp_seconds"; }));
  CHECK(value_of(reading.samples, "crm_agent_textfile_timestamp_seconds", "a.prom") ==
        to_seconds((kNow - 48h).time_since_epoch()));
  CHECK(value_of(reading.samples, "crm_agent_textfile_timestamp_seconds", "b.prom") > 0);
  CHECK(value_of(reading.samples, "crm_agent_textfiles_refused") == 5);
  REQUIRE(reading.refused.size() == 5);
  CHECK(to_string(reading.refused[0]).find("b.prom:1: there is no metric crm_backup_size") != std::string::npos);
  CHECK(to_string(reading.refused[1]).find("crm_backup_bytes stands in a file before this one") != std::string::npos);
}

TEST_CASE("a folder that is not there is one refused file, and one that is full is read to its bound") {
  TempDir folder;
  const TextReading gone = read_text_folder({"acme", folder.path("none"), kLabels, {}}, kNow);
  CHECK(value_of(gone.samples, "crm_agent_textfiles_refused") == 1);
  CHECK(to_string(gone.refused).find("the folder cannot be read") != std::string::npos);

  for (int i = 100; i < 205; ++i)
    folder.write(std::to_string(i) + ".prom", "crm_records{object=\"o" + std::to_string(i) + "\"} 1\n");
  const TextReading full = read_text_folder({"acme", folder.path(""), kLabels, {}}, kNow);
  const auto records = std::count_if(full.samples.begin(), full.samples.end(),
                                     [](const Sample& sample) { return sample.metric == "crm_records"; });
  CHECK(records == 100);
  CHECK(to_string(full.refused).find("200.prom: the folder has more than 100 files") != std::string::npos);
}

TEST_CASE("folders are read beside the loop, and what was read for one that is no longer configured is dropped") {
  TempDir folder;
  folder.write("a.prom", "crm_backup_bytes 7\n");
  net::Loop loop;
  std::vector<Sample> got;
  std::unique_ptr<TextFiles> files;
  const net::Loop::Timer guard = loop.after(10s, [&] { loop.stop(); });
  loop.post([&] {
    files = std::make_unique<TextFiles>(
        loop, [] { return kNow; },
        [&](std::vector<Sample> samples) {
          got = std::move(samples);
          loop.stop();
        });
    files->configure({{"gone", folder.path("none"), {{"crm", "gone"}}, {}}});
    files->configure({{"acme", folder.path(""), kLabels, {}}});
  });
  loop.run();
  files.reset();
  CHECK(value_of(got, "crm_backup_bytes") == 7);
}
