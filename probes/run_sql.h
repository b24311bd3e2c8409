#pragma once
// One run of one SQL measurement, and the connections that are kept between runs.

#include <memory>
#include <set>
#include <string>

#include "probes/readings.h"
#include "probes/sql/connection.h"
#include "probes/sql/kept_connections.h"
#include "probes/template.h"

namespace crmpulse::probes {

/// Of one target; used by one thread at a time.
class SqlRunner {
 public:
  SqlRunner(const TargetSpec& spec, std::shared_ptr<sql::KeptConnections> kept);
  ~SqlRunner();
  SqlRunner(const SqlRunner&) = delete;
  SqlRunner& operator=(const SqlRunner&) = delete;
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

  /// Connections stay open as long as there is room for those of everybody.
  void settle();
  [[nodiscard]] int open_connections() const { return (reading_ ? 1 : 0) + (writing_ ? 1 : 0); }

  const TargetSpec& spec_;
  Dialect dialect_;
  const std::shared_ptr<sql::KeptConnections> kept_;
  int counted_ = 0;  ///< connections of ours that kept_ knows of
  std::unique_ptr<sql::Connection> reading_;
  std::unique_ptr<sql::Connection> writing_;  ///< for write tests only
  std::set<std::string, std::less<>> told_;   ///< notes of connections that are in the log already
};

}  // namespace crmpulse::probes
