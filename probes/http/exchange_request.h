#pragma once
// A request of a recipe → what is sent: addresses, values in their places, the page that is asked for.

#include <cstddef>
#include <optional>
#include <string>

#include "net/client/http_client.h"
#include "probes/auth/session.h"
#include "probes/recipe/recipe.h"
#include "probes/template/template.h"

namespace crmpulse::probes {

/// Which page of an exchange; the first as it is made.
struct Page {
  int number = 1;
  std::size_t offset = 0;  ///< rows of the pages before
  std::string cursor;      ///< empty: none yet
  std::string url;         ///< whole; empty: the exchange's own
  bool also = false;       ///< of the request's other address, `also`
  bool in_doubt = false;   ///< the first page was shorter than asked, so there may be none behind it
};

/// An error when a value cannot stand in its place. Without the login's headers and times.
[[nodiscard]] Result<net::ClientRequest> fill_in(const HttpCall& call, const std::optional<Paging>& next,
                                                 const Page& page, const Values& values);
/// The path and query of a request that goes into a batch.
[[nodiscard]] Result<std::string> path_of(const HttpCall& call, const Values& values);

/// What the login gives, for ${}: its values and `base_url`, which is the parameter `url` when it tells none.
void add_access(Variables& variables, const auth::Access& access, const Arguments& arguments);

/// Returns the number of rows that `next.size` says, 0 if it says none.
[[nodiscard]] std::size_t page_size(const std::optional<Paging>& next, const Values& values);

}  // namespace crmpulse::probes
