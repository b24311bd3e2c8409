#include "probes/http/exchanger.h"

#include <optional>

#include "probes/http/exchange_call.h"
#include "probes/http/exchange_reader.h"
#include "probes/http/exchange_request.h"
#include "probes/http/pages.h"

namespace crmpulse::probes {
namespace {

/// So CRMs answer that know no page behind the last one.
bool says_no_page(int status) {
  return status == 400 || status == 404 || status == 416 || status == 422;
}

/// One exchange with all its pages. Lives in the callbacks of what it waits for.
class ExchangeRun : public std::enable_shared_from_this<ExchangeRun> {
 public:
  ExchangeRun(std::shared_ptr<ExchangeCore> core, const Exchange& exchange, Variables variables, SteadyTime deadline,
              bool keep_rows, std::function<void(ExchangeResult)> done)
      : core_(std::move(core)),
        exchange_(exchange),
        values_(*core_, std::move(variables)),
        keep_rows_(keep_rows),
        deadline_(deadline),
        done_(std::move(done)) {
    begin();
  }

  void ask() {
    make_call(
        core_, deadline_, exchange_.call, result_,
        [self = shared_from_this()](const auth::Access& access) {
          self->values_.add(access);
          return fill_in(self->exchange_.call, self->exchange_.next, self->page_, self->values_.values());
        },
        [self = shared_from_this()](CallOutcome outcome) { self->take(outcome); });
  }

 private:
  /// At the first page, with nothing read.
  void begin() {
    page_ = {};
    reader_.emplace(exchange_, values_.values(), core_->spec->labels, keep_rows_);
    pages_.emplace(exchange_, page_size(exchange_.next, values_.values()));
  }

  void take(CallOutcome& outcome) {
    if (outcome.failure) {
      result_.status = 0;
      return finish(std::move(outcome.failure));
    }
    const Answer answer{outcome.response, outcome.url};
    result_.status = answer.status();
    AnswerClass verdict = judge(core_->recipe(), exchange_.call, needs_json(exchange_), answer, values_.values(),
                                values_.secrets(), outcome.renewed_in_vain);
    if (verdict.failure && verdict.failure->stage == Stage::auth)
      verdict.failure->message = one_line(verdict.failure->message + core_->signals.clock_remark());
    if (page_.in_doubt && verdict.failure && !verdict.wait && says_no_page(answer.status())) {
      verdict.failure.reset();
      verdict.empty = true;
    }
    result_.wait = verdict.wait;
    const bool has_rows = !verdict.failure && !verdict.empty;
    if (has_rows && exchange_.next) {
      if (auto fault = pages_->add(page_, answer, outcome.url)) {
        if (fault->moved && !read_again_) return read_again();
        verdict.failure = Failure{Stage::content, Reason::bad_content, one_line(fault->message)};
      }
    }
    if (has_rows && !verdict.failure) verdict.failure = reader_->read(answer);
    std::optional<Page> next;
    if (has_rows && !verdict.failure && exchange_.next) {
      Result<std::optional<Page>> told = pages_->next(page_, answer, outcome.url, core_->recipe().hosts);
      if (told) {
        next = std::move(*told);
      } else {
        verdict.failure = Failure{Stage::content, Reason::bad_content, one_line(told.error().message)};
      }
      if (!next) reader_->count_withheld(pages_->withheld(answer));
      if (exchange_.call.also.empty()) reader_->know_total(pages_->total(answer));
    }
    if (!verdict.failure && !next && !exchange_.call.also.empty() && !page_.also) {
      next.emplace();
      next->number = page_.number + 1;
      next->also = true;
    }
    result_.body = std::move(outcome.response.body);
    if (verdict.failure || !next) return finish(std::move(verdict.failure));
    if (reader_->full() || next->number > exchange_.pages) {
      if (!next->in_doubt) reader_->count_truncated(1);  // at least
      return finish(std::nullopt);
    }
    page_ = std::move(*next);
    ask();
  }

  /// Records moved between pages: what was read so far would count some twice and miss others.
  void read_again() {
    read_again_ = true;
    begin();
    ask();
  }

  void finish(std::optional<Failure> failure) {
    result_.failure = std::move(failure);
    if (exchange_.call.free) result_.calls = 0;
    // The recipe's own samples go first: they win over what headers say.
    std::vector<Sample> signals = std::move(result_.samples);
    result_.samples.clear();
    reader_->finish(result_);
    for (Sample& signal : signals) result_.samples.push_back(std::move(signal));
    const auto done = std::move(done_);
    done(std::move(result_));
  }

  const std::shared_ptr<ExchangeCore> core_;
  const Exchange& exchange_;
  RunValues values_;
  const bool keep_rows_;
  std::optional<ExchangeReader> reader_;
  std::optional<Pages> pages_;
  const SteadyTime deadline_;
  std::function<void(ExchangeResult)> done_;
  Page page_;
  bool read_again_ = false;  ///< it began anew once
  ExchangeResult result_;
};

}  // namespace

HttpExchanger::HttpExchanger(net::HttpClient& client, std::shared_ptr<const TargetSpec> spec,
                             std::shared_ptr<auth::Session> session, std::function<TimePoint()> clock)
    : core_(std::make_shared<ExchangeCore>(client, std::move(spec), std::move(session), std::move(clock))) {}

HttpExchanger::~HttpExchanger() {
  stop();
}

void HttpExchanger::stop() {
  core_->stopped = true;
}

void HttpExchanger::run(const Exchange& exchange, const Variables& variables, SteadyTime deadline, bool keep_rows,
                        std::function<void(ExchangeResult)> done) {
  std::make_shared<ExchangeRun>(core_, exchange, variables, deadline, keep_rows, std::move(done))->ask();
}

}  // namespace crmpulse::probes
