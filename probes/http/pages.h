#pragma once
// Which page follows an answer, and whether it was there before. For exchanger.cpp.

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "probes/http/exchange_answer.h"
#include "probes/http/exchange_request.h"
#include "probes/recipe/recipe.h"

namespace crmpulse::probes {

/// Why a page cannot be counted.
struct PageFault {
  std::string message;
  bool moved = false;  ///< records moved between pages while they were read: reading all again may help
};

/// The pages of one exchange as they come. Bounded by the exchange's `pages` and `rows`.
class Pages {
 public:
  /// `size` is what `paging.size` says, 0 if it is not known. The exchange must outlive this.
  Pages(const Exchange& exchange, std::size_t size) : exchange_(exchange), size_(size) {}

  /// Looks at the page that came, before its rows are counted. Returns what is wrong if it, or some of its records,
  /// were on an earlier page.
  [[nodiscard]] std::optional<PageFault> add(const Page& page, const Answer& answer, const std::string& asked_url);
  /// Returns the page after the one last added, nullopt if it was the last; an error if it may not be asked for.
  [[nodiscard]] Result<std::optional<Page>> next(const Page& page, const Answer& answer, const std::string& asked_url,
                                                 const std::vector<std::string>& hosts) const;
  /// Returns how many rows the answer tells of that no page had, if the page last added was empty.
  [[nodiscard]] std::uint64_t withheld(const Answer& answer) const;
  /// Returns how many rows all pages have, nullopt if the answer does not tell.
  [[nodiscard]] std::optional<std::uint64_t> total(const Answer& answer) const;

 private:
  [[nodiscard]] std::optional<PageFault> add_records(const std::vector<std::string>& ids, const Page& page);
  [[nodiscard]] std::optional<PageFault> add_content(const JsonValue& rows, const Page& page);
  [[nodiscard]] bool is_last(const Answer& answer) const;

  const Exchange& exchange_;
  const std::size_t size_;
  std::size_t on_page_ = 0;                     ///< rows of the page last added
  std::size_t rows_ = 0;                        ///< of all pages
  std::size_t first_rows_ = 0;                  ///< of the first page
  std::size_t first_page_ = 0;                  ///< records of the first page that had any
  std::unordered_set<std::uint64_t> records_;   ///< hashes of ids
  std::unordered_set<std::uint64_t> contents_;  ///< hashes of pages whose rows have no id
  std::unordered_set<std::string> asked_;       ///< addresses and cursors
};

/// A reference in an answer → a whole URL that may be asked with the login: of the origin of `base`, but for http
/// instead of https, or of one of `hosts`. From a page that came over https the next one is asked over https. The
/// error names the host and the recipe's key.
[[nodiscard]] Result<std::string> page_address(const std::string& base, const std::string& reference,
                                               const std::vector<std::string>& hosts);

}  // namespace crmpulse::probes
