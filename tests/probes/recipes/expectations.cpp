#include "tests/probes/recipes/expectations.h"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <set>
#include <stdexcept>

#include "config/reader.h"

namespace crmpulse::test {
namespace {

using config::Node;

double number(const Node& node, const std::string& where) {
  const Result<double> value = config::parse_number(node.scalar);
  if (!value) throw std::runtime_error(where + ": " + value.error().message);
  return *value;
}

Expected expected_from(const Node& node, const std::string& where) {
  if (node.kind == Node::Kind::scalar) {
    const double value = number(node, where);
    return {value, 1e-6 * std::max(1.0, std::abs(value)), false};
  }
  Expected expected;
  for (const auto& [key, member] : node.members) {
    if (key == "ago") expected.ago = true;
    (key == "within" ? expected.within : expected.value) = number(member, where + "." + key);
  }
  return expected;
}

/// Labels a metric may have (docs/reference.md, "Samples"), beside crm, kind and agent.
std::set<std::string_view> labels_of(std::string_view metric) {
  if (metric == "crm_operation_phase_seconds") return {"operation", "object", "phase"};
  if (metric.starts_with("crm_operation_")) return {"operation", "object"};
  if (metric == "crm_failure") return {"operation", "object", "stage", "reason"};
  if (metric.starts_with("crm_transaction_") || metric == "crm_write_visible_seconds") return {"transaction", "step"};
  if (metric == "crm_records_per_second") return {"operation"};
  if (metric == "crm_last_modified_timestamp_seconds" || metric == "crm_records") return {"object"};
  if (metric == "crm_records_checked") return {"object", "field", "check"};
  if (metric == "crm_feature_used") return {"feature"};
  if (metric.starts_with("crm_process_")) return {"process", "quantile"};
  if (metric == "crm_sales_amount" || metric.starts_with("crm_customers")) return {"period"};
  if (metric.starts_with("crm_api_")) return {"allowance"};
  if (metric == "crm_vendor_status") return {"instance"};
  if (metric == "crm_info") return {"version", "release", "instance"};
  constexpr std::array<std::string_view, 5> kQuality{"_incomplete", "_duplicate", "_invalid", "_outdated", "_orphaned"};
  if (std::any_of(kQuality.begin(), kQuality.end(), [&](std::string_view end) { return metric.ends_with(end); }))
    return {"object", "field"};
  constexpr std::array<std::string_view, 5> kUse{"crm_records_created", "crm_records_modified", "crm_activities",
                                                 "crm_logins", "crm_active_users"};
  if (std::find(kUse.begin(), kUse.end(), metric) != kUse.end()) return {"object", "period"};
  return {};
}

}  // namespace

std::string series(const std::string& written) {
  const std::size_t open = written.find('{');
  if (open == std::string::npos) return written;
  Labels labels;
  std::size_t at = open + 1;
  while (at < written.size()) {
    const std::size_t equals = written.find('=', at);
    const std::size_t end = written.find_first_of(",}", at);
    if (equals == std::string::npos || end == std::string::npos || equals > end)
      throw std::runtime_error("bad series " + written);
    labels.set(written.substr(at, equals - at), written.substr(equals + 1, end - equals - 1));
    at = end + 1;
  }
  return written.substr(0, open) + to_string(labels);
}

bool made_by_every_run(const std::string& metric) {
  return metric == "crm_up" || metric.starts_with("crm_operation_") || metric == "crm_failure" ||
         metric.starts_with("crm_transaction_") || metric.starts_with("crm_agent_") ||
         metric == "crm_write_visible_seconds" || metric == "crm_records_per_second" ||
         metric == "crm_certificate_expiry_timestamp_seconds";
}

std::string series_of(const Sample& sample) {
  Labels labels = sample.labels;
  for (const char* common : {"crm", "kind", "agent"}) labels.set(common, "");
  return sample.metric + to_string(labels);
}

Expectations load_expectations(const std::string& file) {
  const auto document = config::load_file(file);
  if (!document) throw std::runtime_error(to_string(document.error()));
  Expectations out;
  for (const auto& [key, node] : document->root.members) {
    if (key == "arguments") {
      for (const auto& [name, value] : node.members)
        out.arguments += name + ": " + (value.quoted ? "\"" + value.scalar + "\"" : value.scalar) + "\n";
    } else if (key == "measurements") {
      for (const auto& [id, samples] : node.members) {
        for (const auto& [written, value] : samples.members)
          out.measurements[id][series(written)] = expected_from(value, id + "." + written);
      }
    } else {
      throw std::runtime_error(file + ": unknown key " + key);
    }
  }
  return out;
}

void check_runs(const probes::Reading& reading) {
  INFO(reading.measurement << ": " << (reading.failure ? reading.failure->message : std::string{}));
  CHECK_FALSE(reading.failure.has_value());
  CHECK(reading.rows_truncated == 0);
  for (const Sample& sample : reading.samples) {
    if (sample.metric == "crm_up" || sample.metric == "crm_operation_success" ||
        sample.metric == "crm_transaction_success")
      CHECK(sample.value == 1);
  }
  check_bounded(reading);
}

void check_bounded(const probes::Reading& reading) {
  CHECK(reading.samples.size() <= 100);
  for (const Sample& sample : reading.samples) {
    const auto known = labels_of(sample.metric);
    INFO(series_of(sample));
    for (const auto& [name, value] : sample.labels) {
      if (sample.metric.starts_with("crm_agent_")) continue;  // the agent about itself
      const bool common = name == "crm" || name == "kind" || name == "agent";
      CHECK((common || known.contains(name)));
      CHECK(value.size() <= 64);
    }
  }
}

void check_reading(const probes::Reading& reading, const std::map<std::string, Expected>& expected, TimePoint now) {
  check_runs(reading);
  std::map<std::string, double> got;
  for (const Sample& sample : reading.samples) {
    if (!made_by_every_run(sample.metric)) got[series_of(sample)] = sample.value;
  }
  for (const auto& [name, value] : got) {
    INFO(reading.measurement << " gave " << name << " " << value);
    CHECK(expected.contains(name));
  }
  for (const auto& [name, wanted] : expected) {
    INFO(reading.measurement << " should give " << name);
    CHECK(got.contains(name));
    if (!got.contains(name)) continue;
    const double target = wanted.ago ? static_cast<double>(unix_millis(now)) / 1000 - wanted.value : wanted.value;
    CHECK(got[name] == Approx(target).epsilon(0).margin(wanted.within));
  }
}

}  // namespace crmpulse::test
