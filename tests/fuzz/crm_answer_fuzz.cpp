// What a CRM may answer, read as every request of every shipped recipe would: the first byte is the status, the next
// whether it says it is JSON, the rest is the body.
#include <filesystem>

#include "probes/http/exchange_answer.h"
#include "probes/http/exchange_reader.h"
#include "probes/recipe_file/load.h"
#include "tests/fuzz/fuzz_target.h"

using namespace crmpulse;
using namespace crmpulse::probes;

namespace {

const std::vector<Recipe>& recipes() {
  static const std::vector<Recipe> kRecipes = [] {
    std::vector<Recipe> loaded;
    const std::string folder = CRMPULSE_SOURCE_DIR "/config/recipes";
    for (const std::string& name : list_recipes(folder)) {
      auto recipe = load_recipe(name, folder);
      fuzz::require(recipe.has_value());
      if (recipe->transport == Transport::http) loaded.push_back(std::move(*recipe));
    }
    fuzz::require(loaded.size() >= 8);
    return loaded;
  }();
  return kRecipes;
}

constexpr int kStatuses[] = {200, 201, 204, 207, 302, 400, 401, 403, 404, 429, 500, 503};

void read(const Recipe& recipe, const Exchange& exchange, const net::ClientResponse& response) {
  static const Arguments kNone;
  static const Variables kVariables;
  static const Labels kLabels{{"crm", "acme"}};
  const Values values{recipe, kNone, "0123456789abcdef", "agent", from_unix_millis(1'700'000'000'000), &kVariables};
  const Answer answer{response};
  const AnswerClass verdict =
      judge(recipe, exchange.call, needs_json(exchange), answer, values, {"s3cret-token"}, false);
  static_cast<void>(ends_login(recipe, answer));
  if (verdict.failure) {
    fuzz::require(verdict.failure->message.find("s3cret-token") == std::string::npos);
    return;
  }
  if (verdict.empty) return;
  ExchangeReader reader{exchange, values, kLabels, true};
  static_cast<void>(reader.read(answer));
  ExchangeResult result;
  reader.finish(result);
  fuzz::require(result.rows.size() <= static_cast<std::size_t>(exchange.rows));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  net::ClientResponse response;
  response.status = kStatuses[data[0] % std::size(kStatuses)];
  response.headers.emplace_back("content-type", (data[1] & 1U) != 0 ? "application/json" : "text/html");
  response.headers.emplace_back("retry-after", "7");
  response.body = std::string{fuzz::text_of(data + 2, size - 2)};
  for (const Recipe& recipe : recipes()) {
    for (const Measurement& measurement : recipe.measurements) {
      for (const Exchange& exchange : measurement.exchanges) read(recipe, exchange, response);
      for (const Step& step : measurement.steps) {
        if (step.exchange) read(recipe, *step.exchange, response);
      }
    }
  }
  return 0;
}
