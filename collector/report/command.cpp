#include "collector/report/command.h"

#include <fmt/format.h>

#include <cstdio>

#include "collector/configuration/configuration.h"
#include "collector/report/make.h"
#include "collector/text/progress.h"
#include "core/text/say.h"
#include "core/time/clock.h"

namespace crmpulse::collector {
namespace {

int wrong(std::string_view message) {
  say(stderr, "{}\n", message);
  return 2;
}

/// say() is for people: a file is written as it is.
int write_out(const std::string& text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  if (!written) say(stderr, "the report cannot be written to standard output\n");
  return written ? 0 : 1;
}

}  // namespace

int report_command(const ReportOptions& options) {
  const auto configuration = load_configuration(options.config);
  if (!configuration) return wrong(to_string(configuration.error()));
  const auto format = report::format_from(options.format);
  if (!format) return wrong(fmt::format("--format: html, csv or json, not '{}'", options.format));
  if (options.language != "en" && options.language != "zh")
    return wrong(fmt::format("--language: en or zh, not '{}'", options.language));
  const TimePoint now = wall_now();
  const ZonePtr& zone = (*configuration)->settings.time_zone;
  const auto request = report::request_from({options.crm, options.period, options.compare}, now, zone);
  if (!request) return wrong(fmt::format("--{}: {}", request.error().field, request.error().message));
  Progress progress{"reading the history"};
  const auto made = report::make_report(**configuration, *request,
                                        [&](std::uint64_t done, std::uint64_t all) { progress.update(done, all); });
  progress.clear();
  if (!made) {
    say(stderr, "{}\n", made.error().message);
    return 1;
  }
  return write_out(report::render(*made, *format, options.language == "zh" ? Language::zh : Language::en));
}

}  // namespace crmpulse::collector
