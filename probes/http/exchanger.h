#pragma once
// The Exchanger over the HTTP client. exchange_request.cpp fills a request in, exchange_call.cpp sends it with its
// login, exchange_answer.cpp judges the answer, exchange_reader.cpp reads it, batch.cpp packs several into one.

#include <functional>
#include <memory>

#include "net/client/http_client.h"
#include "probes/http/exchange.h"
#include "probes/run/run.h"

namespace crmpulse::probes {

struct ExchangeCore;

/// One of several exchanges that go into one call.
struct BatchItem {
  const Exchange* exchange = nullptr;
  Variables variables;
};

class HttpExchanger final : public Exchanger {
 public:
  /// `session` may be null. The client must outlive every run.
  HttpExchanger(net::HttpClient& client, std::shared_ptr<const TargetSpec> spec, std::shared_ptr<auth::Session> session,
                std::function<TimePoint()> clock);
  ~HttpExchanger() override;

  void run(const Exchange& exchange, const Variables& variables, std::chrono::steady_clock::time_point deadline,
           bool keep_rows, std::function<void(ExchangeResult)> done) override;
  /// Runs at most the recipe's `batch.most` items as one call. The first result has the call's times, signals and
  /// login.
  void run_batch(std::vector<BatchItem> items, std::chrono::steady_clock::time_point deadline,
                 std::function<void(std::vector<ExchangeResult>)> done);
  /// Sends nothing more: runs under way end with what they have.
  void stop();

 private:
  std::shared_ptr<ExchangeCore> core_;
};

}  // namespace crmpulse::probes
