#pragma once
#include <string>

namespace crmpulse::test {

/// A Postgres or Mariadb that has run some SQL before the first test sees it:
/// `static Prepared<Postgres> server{"CREATE TABLE …"};`
template <class Server>
class Prepared : public Server {
 public:
  /// In Server's own default database, or in `database`; throws std::runtime_error when the SQL fails.
  explicit Prepared(const std::string& sql) { this->execute(sql); }
  Prepared(const std::string& sql, const std::string& database) { this->execute(sql, database); }
};

}  // namespace crmpulse::test
