#pragma once
// What the token of a request may send about: docs/decisions/0016-tokens-are-bound-in-the-body.md. Belongs to the
// loop's thread.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "collector/http/token_store.h"
#include "rules/engine.h"

namespace crmpulse::collector {

class SenderRights {
 public:
  enum class Verdict {
    allowed,
    other_agent,  ///< the token belongs to an agent of another name
    other_crm     ///< the token is for other CRMs, or another agent watches this one
  };
  /// Who watched a CRM keeps it that long after its last sample.
  static constexpr Duration kHeldFor{std::chrono::hours{24}};

  explicit SenderRights(const rules::Engine& engine) : engine_(engine) {}

  /// Begins a request with this token, null if nobody is asked for one. The token lives while the
  /// request is checked.
  void begin(const Token* token, TimePoint now);
  /// Checks a series or a line of evidence; `crm` or `agent` may be empty.
  [[nodiscard]] Verdict check(std::string_view crm, std::string_view agent) const;
  /// Returns a number that equal rights share, so that what was allowed once need not be checked again. 0: all is
  /// allowed.
  [[nodiscard]] std::uint32_t number() const { return number_; }

 private:
  const rules::Engine& engine_;
  const Token* token_ = nullptr;
  TimePoint now_;
  std::uint32_t number_ = 0;
  std::uint32_t newest_ = 0;
  boost::unordered_flat_map<std::string, std::uint32_t> numbers_;  ///< by token and what it may
};

}  // namespace crmpulse::collector
