#pragma once
// How many series each CRM has and how many CRMs each sender brought, so that none of them takes all the room: what is
// new is left out at a bound, what is known goes on. Belongs to the loop's thread.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "collector/http/limit_settings.h"
#include "core/text/hash.h"

namespace crmpulse::collector {

class Census {
 public:
  static constexpr std::uint64_t kEntryBytes = 16;  ///< rules::Entry, a sample in a window

  /// Which bound a new series or CRM would go over.
  enum class Bound { none, crms, crms_of_sender, series_of_crm, memory };

  void configure(const LimitSettings& limits) { limits_ = limits; }

  /// Whose series come from here on: a token or an address, and the agent it names. Either may be empty.
  struct Sender {
    std::string_view token;
    std::string_view agent;
  };
  /// May this sender have one more series of the CRM? `crm` empty: of none.
  [[nodiscard]] Bound check_series(std::string_view crm, std::size_t key_bytes, const Sender& sender) const;
  /// May this sender send evidence of the CRM, which may be the first that is heard of it?
  [[nodiscard]] Bound check_crm(std::string_view crm, const Sender& sender) const;

  /// Counts a new series, and its CRM.
  void came(std::string_view crm, std::size_t key_bytes, const Sender& sender);
  void left(std::string_view crm, std::size_t key_bytes);
  /// Counts a CRM that has no series yet.
  void add_crm(std::string_view crm, const Sender& sender);
  void remove_crm(std::string_view crm);
  /// What a CRM had when its state was stored: what it has in memory is about as large.
  struct Stored {
    std::size_t state_bytes = 0;
    std::size_t window_entries = 0;  ///< places of single samples in its windows
  };
  void weigh(std::string_view crm, const Stored& stored);
  /// Notes the places of single samples in the windows of all CRMs: what came since their states were stored counts,
  /// too.
  void note_windows(std::size_t entries) { window_entries_ = entries; }

  [[nodiscard]] std::size_t crms() const { return crms_.size(); }
  [[nodiscard]] std::size_t series_of(std::string_view crm) const;
  /// Returns the estimated bytes of all series and CRMs.
  [[nodiscard]] std::uint64_t memory() const;
  /// The same without what windows hold.
  [[nodiscard]] std::uint64_t memory_beside_windows() const;

 private:
  template <class Value>
  using ByName = boost::unordered_flat_map<std::string, Value, TextHash, std::equal_to<>>;
  struct Crm {
    std::size_t series = 0;
    Stored stored;
    std::size_t new_key_bytes = 0;  ///< the longest key that came since; its labels may become the CRM's
    std::string token;              ///< who brought it
    std::string agent;
  };
  /// By how many bytes a key of this size makes what is not stored larger.
  [[nodiscard]] std::size_t more_new_key_bytes(std::string_view crm, std::size_t key_bytes) const;
  Crm& crm_of(std::string_view name, const Sender& sender);
  [[nodiscard]] bool has_room_for_crm(const ByName<std::size_t>& held, std::string_view sender) const;

  LimitSettings limits_;
  ByName<Crm> crms_;
  ByName<std::size_t> by_token_;  ///< CRMs each brought
  ByName<std::size_t> by_agent_;
  std::size_t series_ = 0;
  std::size_t key_bytes_ = 0;
  Stored stored_;                   ///< of all CRMs
  std::size_t new_key_bytes_ = 0;   ///< of all CRMs
  std::size_t window_entries_ = 0;  ///< of all CRMs, now
};

}  // namespace crmpulse::collector
