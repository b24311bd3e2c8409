#pragma once
// What an answer means: success by status and content, or where and why it failed. For exchange*.cpp and batch.cpp.

#include <optional>
#include <string>
#include <vector>

#include "core/text/searchable.h"
#include "net/client/http_client.h"
#include "probes/auth/session.h"
#include "probes/json/json.h"
#include "probes/recipe/recipe.h"

namespace crmpulse::probes {

/// One answer: a call's own, or one of those packed into a batch's. What it was made of must outlive it.
class Answer {
 public:
  /// `url`: where it was asked for; for messages. Must outlive this.
  explicit Answer(const net::ClientResponse& response, std::string_view url = {});
  Answer(int status, JsonValue body, const net::ClientResponse& outer);

  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] std::string_view header(std::string_view lower_case_name) const {
    return outer_.header(lower_case_name);
  }
  [[nodiscard]] std::string_view url() const { return url_; }
  [[nodiscard]] std::string_view body() const;
  /// Returns the body as words are looked for in it, nullopt if it cannot be read as text. As long as the answer.
  [[nodiscard]] std::optional<SearchableText> searchable() const;
  /// Returns an absent value if the body is not JSON. Parses on the first call.
  [[nodiscard]] JsonValue json() const;
  /// Returns why there is no JSON, empty if there is.
  [[nodiscard]] const std::string& json_fault() const;

 private:
  void parse() const;
  const net::ClientResponse& outer_;
  std::string_view url_;
  int status_;
  bool part_ = false;
  mutable bool parsed_ = false;
  mutable JsonDocument document_;
  mutable JsonValue root_;
  mutable std::string fault_;
  mutable std::optional<std::string> text_;  ///< of a part
};

struct AnswerClass {
  std::optional<Failure> failure;
  std::optional<Duration> wait;  ///< the CRM wants to be left alone
  bool empty = false;            ///< "no rows", told by its status
};

/// `values` are those of the run: for ${} in what is expected. `secrets` never appear in the verdict.
/// `renewed_in_vain`: the answer said that the login ended, twice.
[[nodiscard]] AnswerClass judge(const Recipe& recipe, const HttpCall& call, bool needs_json, const Answer& answer,
                                const Values& values, const std::vector<std::string>& secrets, bool renewed_in_vain);

/// Does an answer say that the login has ended?
[[nodiscard]] bool ends_login(const Recipe& recipe, const Answer& answer);

/// May an answer mean that the login, or the address it told, does not hold any more? It decides nothing: codes the
/// recipe knows, and what the call expects, raise no doubt. `login_told_address`: the login said where to ask.
[[nodiscard]] std::optional<auth::Doubt> doubt_in_answer(const Recipe& recipe, const HttpCall& call,
                                                         const Answer& answer, bool login_told_address);
/// Like doubt_in_answer(), if nothing answered at an address the login told.
[[nodiscard]] std::optional<auth::Doubt> doubt_in_failure(const Failure& failure);

/// A foreign message fit for evidence: secrets, e-mail addresses and long runs of digits are masked.
[[nodiscard]] std::string masked(std::string_view message, const std::vector<std::string>& secrets);

}  // namespace crmpulse::probes
