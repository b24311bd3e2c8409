#pragma once
// Decides what people are told of crmpulse's own troubles: a trouble must last, and its end must hold, before it is
// told; each is told once, and many of a kind at once as one. Pure; whoever has it stores what save() gives.

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "collector/message/trouble.h"
#include "core/fields.h"
#include "core/time/time.h"

namespace crmpulse::collector {

class TroubleWatch {
 public:
  static constexpr std::size_t kMost = 1000;  ///< troubles; further ones wait
  static constexpr std::size_t kSeveral = 3;  ///< so many of a kind are told one by one
  /// An end must hold so long, twice as long each time it came back within a day, up to kLongestQuiet.
  static constexpr Duration kQuiet{std::chrono::minutes{10}};
  static constexpr Duration kLongestQuiet{std::chrono::hours{5}};
  static constexpr Duration kDay{std::chrono::hours{24}};

  /// How long a trouble of this kind must last before it is told.
  [[nodiscard]] static Duration patience(TroubleKind kind);

  struct Telling {
    Trouble trouble;
    TimePoint since;
    bool over = false;
  };
  /// Takes everything that is wrong now. Returns what is to be told; while `muted` nothing, which is made up for later.
  [[nodiscard]] std::vector<Telling> look(const std::vector<Trouble>& wrong, TimePoint now, bool muted);

  struct Present {
    Trouble trouble;
    TimePoint since;
    bool told = false;
  };
  /// Returns what is wrong, the oldest first, one by one.
  [[nodiscard]] std::vector<Present> all() const;

  [[nodiscard]] std::string save() const;
  /// Loads what save() gave; damaged bytes are nothing. The time until `now` does not count: nobody looked.
  void load(std::string_view bytes, TimePoint now);
  /// Moves all times by `by`, after the clock was corrected.
  void shift(Duration by);

 private:
  using Key = std::pair<TroubleKind, std::string>;
  struct Entry {
    TroubleKind kind = TroubleKind::disk;
    std::string subject;
    std::string detail;
    TimePoint since;
    TimePoint seen;   ///< last
    TimePoint ended;  ///< when its end was told; zero: it was not
    bool told = false;
    int returns = 0;       ///< after an end that was told
    bool present = false;  ///< at the last look; not saved
    static constexpr auto fields() {
      return std::tuple{Field{1, &Entry::kind},  Field{2, &Entry::subject}, Field{3, &Entry::detail},
                        Field{4, &Entry::since}, Field{5, &Entry::seen},    Field{6, &Entry::ended},
                        Field{7, &Entry::told},  Field{8, &Entry::returns}};
    }
  };
  void see(const Trouble& trouble, TimePoint now);
  [[nodiscard]] static Duration quiet(const Entry& entry);
  /// Returns false if the entry is of no use any more.
  [[nodiscard]] static bool judge(Entry& entry, bool covered, TimePoint now, bool muted, std::vector<Telling>& out);

  std::map<Key, Entry> entries_;
};

}  // namespace crmpulse::collector
