#pragma once
// A target whose CRM is asked over HTTP: exchanges, write tests, and what switched-off write tests left behind.

#include <atomic>
#include <map>
#include <memory>

#include "probes/http/exchanger.h"
#include "probes/transport_target.h"
#include "probes/write_test/transaction.h"

namespace crmpulse::probes {

class HttpTarget final : public TransportTarget {
 public:
  /// Checks everything that can be checked without the network.
  [[nodiscard]] static Made make(Runtime::Impl& runtime, const std::shared_ptr<const TargetSpec>& spec, Plan plan);
  /// `session`: null if it logs in nowhere.
  HttpTarget(Runtime::Impl& runtime, const std::shared_ptr<const TargetSpec>& spec, Plan plan,
             std::shared_ptr<auth::Session> session);
  [[nodiscard]] std::optional<auth::LoginStats> auth_stats() const override;
  [[nodiscard]] std::string account() const override;
  [[nodiscard]] std::string login_identity() const override { return session_ ? session_->identity() : std::string{}; }

 private:
  void begin(const std::shared_ptr<Run>& run) override;
  void close() override;
  [[nodiscard]] Found overdue(const Run& run) override;
  void add_write_test(const Measurement& measurement);
  [[nodiscard]] Duration timeout_of(const Measurement& measurement) const;
  void clean_up_switched_off();
  void clean_up_one();

  const std::shared_ptr<auth::Session> session_;
  const std::shared_ptr<HttpExchanger> exchanger_;
  std::map<const Measurement*, std::unique_ptr<WriteTest>> write_tests_;  ///< those switched off too
  std::atomic<bool> cleaning_up_{false};  ///< what switched-off write tests left, or nothing is left to look for
};

}  // namespace crmpulse::probes
