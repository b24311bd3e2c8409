#pragma once
// One run of one SQL measurement, and the connections that are kept between runs.

#include "probes/readings.h"
#include "probes/sql/connection.h"
#include "probes/template.h"

namespace crmpulse::probes {

/// Of one target; used by one thread at a time.
class SqlRunner {
 public:
  explicit SqlRunner(const TargetSpec& spec);
  [[nodiscard]] Found run(const Measurement& measurement, const sql::Limits& limits);
  /// The message and stage a recipe's `failures` make of an error, its own table first.
  [[nodiscard]] static Failure failure_of(const Recipe& recipe, const sql::SqlError& error);

 private:
  [[nodiscard]] Found run_query(const Measurement& measurement, const sql::Limits& limits);
  [[nodiscard]] Found run_transaction(const Measurement& measurement, const sql::Limits& limits);
  [[nodiscard]] std::optional<sql::SqlError> run_step(const Step& step, const Values& values,
                                                      const sql::Limits& limits);
  /// Sets `kept` to a usable connection; its phases go to `found` when it had to be opened.
  [[nodiscard]] std::optional<sql::SqlError> connect(std::unique_ptr<sql::Connection>& kept, bool read_only,
                                                     const sql::Limits& limits, Found& found);
  [[nodiscard]] Values values() const;
  [[nodiscard]] Result<std::string> statement(const Template& text, const Values& values) const;

  const TargetSpec& spec_;
  Dialect dialect_;
  std::unique_ptr<sql::Connection> reading_;
  std::unique_ptr<sql::Connection> writing_;  ///< for write tests only
};

}  // namespace crmpulse::probes
