// Several requests in one call: packed as the recipe's `batch` says, each judged by its own status and body.
#include <fmt/format.h>

#include "probes/http/exchange_call.h"
#include "probes/http/exchange_reader.h"
#include "probes/http/exchange_request.h"
#include "probes/http/exchanger.h"

namespace crmpulse::probes {
namespace {

class BatchRun : public std::enable_shared_from_this<BatchRun> {
 public:
  BatchRun(std::shared_ptr<ExchangeCore> core, std::vector<BatchItem> items, SteadyTime deadline,
           std::function<void(std::vector<ExchangeResult>)> done)
      : core_(std::move(core)),
        batch_(core_->recipe().batch.value()),
        deadline_(deadline),
        done_(std::move(done)),
        results_(items.size()) {
    for (BatchItem& item : items) {
      exchanges_.push_back(item.exchange);
      values_.push_back(std::make_unique<RunValues>(*core_, std::move(item.variables)));
    }
  }

  void ask() {
    make_call(
        core_, deadline_, batch_.call, call_,
        [self = shared_from_this()](const auth::Access& access) { return self->prepare(access); },
        [self = shared_from_this()](CallOutcome outcome) { self->take(outcome); });
  }

 private:
  static std::string id_of(std::size_t index) { return fmt::format("q{}", index + 1); }

  Result<JsonBody> item_body(std::size_t index) const {
    const HttpCall& call = exchanges_[index]->call;
    const Values& values = values_[index]->values();
    JsonBody item = JsonBody::object();
    const Result<std::string> prefix = expand(batch_.prefix, values, Place::url);
    if (!prefix) return prefix.error();
    const Result<std::string> path = path_of(call, values);
    if (!path) return path.error();
    item.set("/" + batch_.method, JsonBody::text(call.method));
    item.set("/" + batch_.url, JsonBody::text(*prefix + *path));
    if (!batch_.id.empty()) item.set("/" + batch_.id, JsonBody::text(id_of(index)));
    if (!call.json) return item;
    Result<JsonBody> body = JsonBody::make(*call.json, values);
    if (!body) return body.error();
    item.set("/" + batch_.body, std::move(*body));
    return item;
  }

  Result<net::ClientRequest> prepare(const auth::Access& access) {
    for (const auto& values : values_) values->add(access);
    const Values& values = values_.front()->values();
    Result<net::ClientRequest> request = fill_in(batch_.call, std::nullopt, Page{}, values);
    if (!request) return request;
    Result<JsonBody> envelope = JsonBody::make(*batch_.call.json, values);
    if (!envelope) return envelope.error();
    for (std::size_t i = 0; i < exchanges_.size(); ++i) {
      Result<JsonBody> item = item_body(i);
      if (!item) return item.error();
      envelope->append(batch_.list, std::move(*item));
    }
    request->body = envelope->serialised();
    return request;
  }

  /// By its id where the answer repeats it, else by its place.
  JsonValue part_of(const JsonValue& answers, std::size_t index) const {
    for (std::size_t i = 0; !batch_.id.empty() && i < answers.size(); ++i) {
      if (answers.item(i).at("/" + batch_.id).text() == id_of(index)) return answers.item(i);
    }
    return answers.item(index);
  }

  void take(CallOutcome& outcome) {
    if (outcome.failure) return finish_all(*outcome.failure, std::nullopt);
    const Answer whole{outcome.response, outcome.url};
    const AnswerClass verdict = judge(core_->recipe(), batch_.call, true, whole, values_.front()->values(),
                                      values_.front()->secrets(), outcome.renewed_in_vain);
    if (verdict.failure) return finish_all(*verdict.failure, verdict.wait);
    const JsonValue answers = whole.json().at(batch_.answers);
    for (std::size_t i = 0; i < exchanges_.size(); ++i) take_part(i, part_of(answers, i), outcome.response);
    finish();
  }

  void take_part(std::size_t index, const JsonValue& part, const net::ClientResponse& outer) {
    ExchangeResult& result = results_[index];
    const auto status = part.at(batch_.answer_status).number();
    if (!status) {
      result.failure = Failure{Stage::content, Reason::bad_content, "the batch has no answer to this request"};
      return;
    }
    const Exchange& exchange = *exchanges_[index];
    const RunValues& values = *values_[index];
    const Answer answer{static_cast<int>(*status), part.at(batch_.answer_body), outer};
    result.status = answer.status();
    AnswerClass verdict =
        judge(core_->recipe(), exchange.call, needs_json(exchange), answer, values.values(), values.secrets(), false);
    result.wait = verdict.wait;
    ExchangeReader reader{exchange, values.values(), core_->spec->labels, false};
    if (!verdict.failure && !verdict.empty) verdict.failure = reader.read(answer);
    result.failure = std::move(verdict.failure);
    reader.finish(result);
  }

  void finish_all(const Failure& failure, std::optional<Duration> wait) {
    for (ExchangeResult& result : results_) {
      result.failure = failure;
      result.wait = wait;
    }
    finish();
  }

  void finish() {
    ExchangeResult& first = results_.front();
    for (Sample& signal : call_.samples) first.samples.push_back(std::move(signal));
    first.phases = std::move(call_.phases);
    first.duration = call_.duration;
    first.calls = call_.calls;
    first.login = std::move(call_.login);
    first.login_failed = call_.login_failed;
    const auto done = std::move(done_);
    done(std::move(results_));
  }

  const std::shared_ptr<ExchangeCore> core_;
  const BatchSpec& batch_;
  const SteadyTime deadline_;
  std::function<void(std::vector<ExchangeResult>)> done_;
  std::vector<const Exchange*> exchanges_;
  std::vector<std::unique_ptr<RunValues>> values_;
  ExchangeResult call_;  ///< of the call as a whole
  std::vector<ExchangeResult> results_;
};

}  // namespace

void HttpExchanger::run_batch(std::vector<BatchItem> items, SteadyTime deadline,
                              std::function<void(std::vector<ExchangeResult>)> done) {
  if (items.empty()) return done({});
  std::make_shared<BatchRun>(core_, std::move(items), deadline, std::move(done))->ask();
}

}  // namespace crmpulse::probes
