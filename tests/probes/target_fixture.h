#pragma once
// A target made from a recipe's text, and its runs awaited.

#include <catch2/catch.hpp>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>

#include "config/node.h"
#include "probes/http/exchange_signals.h"
#include "probes/recipe/recipe.h"
#include "probes/recipe_file/reader.h"
#include "probes/target.h"

namespace crmpulse::test {

inline constexpr TimePoint kAt{std::chrono::seconds{1'795'000'000}};

/// The recipe, or a failed test that says what is wrong with it.
[[nodiscard]] inline probes::Recipe recipe_from(const std::string& yaml) {
  const auto document = config::load_text(yaml, "recipe.yaml");
  if (!document) FAIL(to_string(document.error()));
  Problems problems;
  probes::Recipe recipe = probes::read_recipe(*document, problems);
  if (!problems.empty()) FAIL(to_string(problems));
  return recipe;
}

[[nodiscard]] inline Problems problems_of(const std::string& yaml) {
  const auto document = config::load_text(yaml, "recipe.yaml");
  if (!document) return document.error();
  Problems problems;
  (void)probes::read_recipe(*document, problems);
  return problems;
}

[[nodiscard]] inline probes::Arguments arguments_from(const probes::Recipe& recipe, const std::string& yaml,
                                                      Problems* problems_out = nullptr) {
  const auto document = config::load_text(yaml, "agent.yaml");
  if (!document) FAIL(to_string(document.error()));
  Problems problems;
  probes::Arguments arguments =
      probes::Arguments::read(recipe, config::Reader{document->root, "with", document->file, problems});
  if (problems_out != nullptr) {
    *problems_out = problems;
  } else if (!problems.empty()) {
    FAIL(to_string(problems));
  }
  return arguments;
}

/// Readings as they come, by measurement.
class Inbox {
 public:
  void put(probes::Reading reading) {
    const std::lock_guard lock{mutex_};
    readings_.push_back(std::move(reading));
    changed_.notify_all();
  }
  [[nodiscard]] std::vector<probes::Reading> take(std::size_t count, Duration patience = std::chrono::seconds{30}) {
    std::unique_lock lock{mutex_};
    const bool came = changed_.wait_for(lock, patience, [&] { return readings_.size() >= count; });
    if (!came) FAIL("only " << readings_.size() << " of " << count << " readings came");
    return std::move(readings_);
  }
  [[nodiscard]] std::size_t size() const {
    const std::lock_guard lock{mutex_};
    return readings_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<probes::Reading> readings_;
};

[[nodiscard]] inline std::unique_ptr<probes::Target> make_target(probes::Runtime& runtime,
                                                                 const std::string& recipe_yaml,
                                                                 const std::string& with,
                                                                 Duration timeout = std::chrono::seconds{10}) {
  auto recipe = std::make_shared<const probes::Recipe>(recipe_from(recipe_yaml));
  probes::Arguments arguments = arguments_from(*recipe, with);
  auto target = probes::Target::make(
      runtime,
      {"acme", recipe, std::move(arguments), {{"crm", "acme"}, {"kind", recipe->name}, {"agent", "a1"}}, timeout});
  if (!target) FAIL(to_string(target.error()));
  return std::move(*target);
}

/// One run of the measurement with this id, awaited.
[[nodiscard]] inline probes::Reading run(probes::Target& target, std::string_view id, TimePoint at = kAt) {
  const auto& planned = target.measurements();
  for (std::size_t i = 0; i < planned.size(); ++i) {
    if (planned[i].measurement->id != id) continue;
    const auto inbox = std::make_shared<Inbox>();
    target.start(i, at, [inbox](probes::Reading reading) { inbox->put(std::move(reading)); });
    return inbox->take(1).front();
  }
  FAIL("no measurement " << id);
  throw std::logic_error("unreachable");
}

/// `metric{labels}` → value, without the labels every sample has.
[[nodiscard]] inline std::map<std::string, double> samples_of(const probes::Reading& reading) {
  std::map<std::string, double> out;
  for (const Sample& sample : reading.samples) {
    Labels labels = sample.labels;
    CHECK(labels.get("crm") == "acme");
    // What an answer tells of itself has the time it came.
    if (!probes::is_signal(sample.metric)) CHECK(sample.at == reading.at);
    for (const char* common : {"crm", "kind", "agent"}) labels.set(common, "");
    out[sample.metric + to_string(labels)] = sample.value;
  }
  return out;
}

[[nodiscard]] inline std::string failure_text(const probes::Reading& reading) {
  if (!reading.failure) return "none";
  return std::string{to_string(reading.failure->stage)} + "/" + std::string{to_string(reading.failure->reason)};
}

/// The failure is told in every way it must be: samples and evidence agree with it.
inline void check_failed(const probes::Reading& reading, const std::string& stage_and_reason) {
  INFO(reading.measurement << ": " << (reading.failure ? reading.failure->message : "no failure"));
  CHECK(failure_text(reading) == stage_and_reason);
  if (!reading.failure) return;
  CHECK_FALSE(reading.failure->message.empty());
  bool told = false;
  for (const Sample& sample : reading.samples) {
    if (sample.labels.get("operation") == "login") continue;  // a doubtful answer may have led to one that worked
    if (sample.metric == "crm_operation_duration_seconds") FAIL_CHECK("a failed run has a duration");
    if (sample.metric == "crm_operation_success") CHECK(sample.value == 0);
    if (sample.metric == "crm_failure" && sample.value == 1) {
      told = sample.labels.get("stage") == to_string(reading.failure->stage) &&
             sample.labels.get("reason") == to_string(reading.failure->reason);
    }
  }
  CHECK(told);
  if (reading.login_failed && reading.evidence.empty()) return;  // the run that met it first has told it
  REQUIRE(reading.evidence.size() == 1);
  CHECK(reading.evidence[0].crm == "acme");
  CHECK(reading.evidence[0].text == reading.failure->message);
}

inline void check_succeeded(const probes::Reading& reading) {
  INFO(reading.measurement << ": " << (reading.failure ? reading.failure->message : ""));
  CHECK(failure_text(reading) == "none");
  CHECK(reading.evidence.empty());
}

}  // namespace crmpulse::test
