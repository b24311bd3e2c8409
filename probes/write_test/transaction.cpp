#include "probes/write_test/transaction.h"

#include <fmt/format.h>

#include "probes/template/template.h"
#include "probes/write_test/run.h"

namespace crmpulse::probes {
namespace {

/// Which system it is, beside its name: where it is and as whom we come.
std::string address_of(const TargetSpec& spec) {
  std::string out;
  for (const Parameter& parameter : spec.recipe->parameters) {
    const bool says_where = parameter.type == ParameterType::url || parameter.required;
    if (!says_where || parameter.type == ParameterType::secret || parameter.type == ParameterType::list) continue;
    out += fmt::format("{}={}\n", parameter.name, spec.arguments.text(parameter.name));
  }
  for (const auto& [name, text] : spec.auth.texts) out += fmt::format("{}={}\n", name, text);
  return out;
}

}  // namespace

WriteTest::WriteTest(const TargetSpec& spec, const Measurement& measurement, Duration timeout, TransactionHost host)
    : spec_(spec),
      measurement_(measurement),
      timeout_(timeout),
      host_(std::move(host)),
      ledger_file_(ledger_file(spec.state_dir, spec.crm, measurement.transaction, address_of(spec))),
      ledger_(ledger_file_) {}

void WriteTest::run(const std::string& run_id, std::chrono::steady_clock::time_point deadline, Done done) {
  std::make_shared<TransactionRun>(*this, run_id, deadline, false, std::move(done))->begin();
}

void WriteTest::clean_up(std::chrono::steady_clock::time_point deadline, Done done) {
  std::make_shared<TransactionRun>(*this, std::string{}, deadline, true, std::move(done))->begin();
}

void WriteTest::stop() {
  const std::lock_guard lock{mutex_};
  stopped_ = true;
}

bool WriteTest::has_left_overs() const {
  return !ledger_file_.empty() && TransactionLedger::has_open_records(ledger_file_);
}

std::string WriteTest::marker() const {
  return marker_of(spec_.labels.get("agent"));
}

}  // namespace crmpulse::probes
