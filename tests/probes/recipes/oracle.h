#pragma once
// What a metric should be, said in a few words over the sandbox's company and worked out by plain loops: nothing of the
// dialects' query evaluator is used, so the two check each other.
//
//   count(lead where not converted and email = null)
//   sum(amount of opportunity where won and close_date > today-30d) / 2
//   quantile(0.9, first_touch - created of lead where created >= now-30d top 200 by created)
//
//   expression   numbers, + - * /, parentheses, and the functions
//                count(Q)  sum|avg|min|max|distinct|duplicates(V of Q)  quantile(q, V of Q)  newest(KIND)
//                larger(a, b)
//                both(V of Q ; Q)   how many values of V are in the first and in the second
//   Q            KIND, then any of: where CONDITION, top N by FIELD (newest first), each over what the one before left
//   V            FIELD, or FIELD - FIELD (seconds), or now - FIELD; days(V) are whole days
//   CONDITION    and, or, not, (), FIELD alone (is true), FIELD = != < <= > >= VALUE, FIELD in ('a', 'b'), FIELD has
//   'text' VALUE        null, true, false, 12, 'text', now, today, month, year; the last four also -24h, -30d, -12mo
//   FIELD        as sandbox/company/company.h names it; account.name follows a reference; first_task is when the first
//   task about
//                a lead or contact was written since it is there
//
// A null is equal to null only, and neither less nor greater than anything. Deleted records never count.

#include <string>
#include <string_view>

#include "sandbox/company/company.h"

namespace crmpulse::test {

/// Throws std::runtime_error, with the place, when the expression cannot be read or has no value (an average of
/// nothing).
[[nodiscard]] double work_out(std::string_view expression, const sandbox::Company& crm, TimePoint now);

}  // namespace crmpulse::test
