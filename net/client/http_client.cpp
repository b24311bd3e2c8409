#include "net/client/http_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <unordered_map>
#include <utility>

#include "net/client/http_exchange.h"

namespace crmpulse::net {
namespace {

using Clock = Exchange::Clock;

constexpr Duration kLongestPoll = std::chrono::minutes{1};
/// libcurl gives a request up by itself and knows best why; but not one that waits for a connection to its host.
constexpr Duration kPatienceWithCurl{50};
constexpr std::size_t kKeptHandles = 64;
/// libcurl 7.88 gives an address up after half of the time, and begins with the next one only when it is called again,
/// without asking for that.
constexpr Duration kLookAtConnecting{100};

}  // namespace

std::string_view ClientResponse::header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers)
    if (name == lower_case_name) return value;
  return {};
}

struct HttpClient::Impl {
  using ExchangePtr = std::unique_ptr<Exchange>;

  explicit Impl(Options given);
  ~Impl();
  void enqueue(ExchangePtr exchange);

  void run();
  bool take_incoming();
  void start_waiting();
  void start(ExchangePtr exchange);
  void finish_completed();
  void give_up_overdue();
  void end(CURL* easy, CURLcode code);
  void end_everything();
  [[nodiscard]] int poll_milliseconds() const;
  [[nodiscard]] EasyHandle take_handle();

  const Options options;
  MultiHandle multi;

  std::mutex mutex;
  std::vector<ExchangePtr> incoming;  ///< guarded by mutex
  bool stopping = false;              ///< guarded by mutex

  // Of the client's thread alone.
  std::deque<ExchangePtr> waiting;
  std::unordered_map<CURL*, ExchangePtr> in_flight;
  std::vector<EasyHandle> idle_handles;
  std::thread thread;
};

HttpClient::Impl::Impl(Options given) : options(std::move(given)) {
  initialise_curl_once();
  multi.reset(curl_multi_init());
  if (!multi) throw std::runtime_error("libcurl has no multi handle to give");
  curl_multi_setopt(multi.get(), CURLMOPT_MAX_HOST_CONNECTIONS, static_cast<long>(options.max_connections_per_host));
  curl_multi_setopt(multi.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(options.max_kept_connections));
  curl_multi_setopt(multi.get(), CURLMOPT_MAX_TOTAL_CONNECTIONS, static_cast<long>(options.max_connections));
  thread = std::thread([this] { run(); });
}

HttpClient::Impl::~Impl() {
  {
    const std::lock_guard lock(mutex);
    stopping = true;
  }
  curl_multi_wakeup(multi.get());
  thread.join();
}

void HttpClient::Impl::enqueue(ExchangePtr exchange) {
  {
    const std::lock_guard lock(mutex);
    incoming.push_back(std::move(exchange));
  }
  curl_multi_wakeup(multi.get());
}

void HttpClient::Impl::run() {
  block_broken_pipe_signal();
  while (take_incoming()) {
    start_waiting();
    int running = 0;
    curl_multi_perform(multi.get(), &running);
    finish_completed();
    give_up_overdue();
    start_waiting();
    curl_multi_poll(multi.get(), nullptr, 0, poll_milliseconds(), nullptr);
  }
  end_everything();
}

/// False when the client is being destroyed.
bool HttpClient::Impl::take_incoming() {
  const std::lock_guard lock(mutex);
  for (ExchangePtr& exchange : incoming) waiting.push_back(std::move(exchange));
  incoming.clear();
  return !stopping;
}

void HttpClient::Impl::start_waiting() {
  while (!waiting.empty() && in_flight.size() < static_cast<std::size_t>(options.max_in_flight)) {
    ExchangePtr exchange = std::move(waiting.front());
    waiting.pop_front();
    start(std::move(exchange));
  }
}

EasyHandle HttpClient::Impl::take_handle() {
  if (idle_handles.empty()) return EasyHandle(curl_easy_init());
  EasyHandle easy = std::move(idle_handles.back());
  idle_handles.pop_back();
  curl_easy_reset(easy.get());
  return easy;
}

void HttpClient::Impl::start(ExchangePtr exchange) {
  if (const auto refusal = exchange->refusal()) {
    exchange->answer(exchange->failed(refusal->stage, refusal->reason, refusal->message));
    return;
  }
  EasyHandle easy = take_handle();
  if (!easy) {
    exchange->answer(exchange->failed(Stage::request, Reason::internal, "libcurl has no handle to give"));
    return;
  }
  CURL* const handle = easy.get();
  exchange->start(std::move(easy), options.user_agent);
  in_flight.emplace(handle, std::move(exchange));
  curl_multi_add_handle(multi.get(), handle);
}

void HttpClient::Impl::finish_completed() {
  int left = 0;
  while (const CURLMsg* const message = curl_multi_info_read(multi.get(), &left)) {
    if (message->msg == CURLMSG_DONE) end(message->easy_handle, message->data.result);
  }
}

void HttpClient::Impl::end(CURL* easy, CURLcode code) {
  auto node = in_flight.extract(easy);
  ExchangePtr exchange = std::move(node.mapped());
  if (code == CURLE_OK) exchange->guard_kept_connection();
  curl_multi_remove_handle(multi.get(), easy);
  ClientResponse response = exchange->finish(code);
  EasyHandle handle = exchange->release();
  if (idle_handles.size() < kKeptHandles) idle_handles.push_back(std::move(handle));
  if (exchange->follow(response))
    start(std::move(exchange));
  else
    exchange->answer(std::move(response));
}

void HttpClient::Impl::give_up_overdue() {
  const Clock::time_point now = Clock::now();
  std::vector<CURL*> overdue;
  for (const auto& [easy, exchange] : in_flight)
    if (exchange->deadline() + kPatienceWithCurl <= now) overdue.push_back(easy);
  for (CURL* const easy : overdue) end(easy, CURLE_OPERATION_TIMEDOUT);

  std::deque<ExchangePtr> still_waiting;
  std::vector<ExchangePtr> late;
  for (ExchangePtr& exchange : waiting)
    if (exchange->deadline() <= now)
      late.push_back(std::move(exchange));
    else
      still_waiting.push_back(std::move(exchange));
  waiting = std::move(still_waiting);
  for (const ExchangePtr& exchange : late)
    exchange->answer(
        exchange->failed(Stage::request, Reason::timeout, "the request's time was over before its turn came"));
}

int HttpClient::Impl::poll_milliseconds() const {
  const Clock::time_point now = Clock::now();
  Clock::time_point next = now + kLongestPoll;
  for (const auto& [easy, exchange] : in_flight) {
    next = std::min(next, exchange->deadline() + kPatienceWithCurl);
    if (exchange->is_connecting()) next = std::min(next, now + kLookAtConnecting);
  }
  for (const ExchangePtr& exchange : waiting) next = std::min(next, exchange->deadline());
  const auto wait = std::chrono::ceil<Duration>(next - now);
  return static_cast<int>(std::max<Duration::rep>(wait.count(), 0));
}

void HttpClient::Impl::end_everything() {
  constexpr std::string_view kWhy = "the program is stopping";
  const auto skip = [kWhy](Exchange& exchange) {
    exchange.answer(exchange.failed(Stage::request, Reason::skipped, std::string(kWhy)));
  };
  while (!in_flight.empty()) {
    const auto node = in_flight.extract(in_flight.begin());
    curl_multi_remove_handle(multi.get(), node.key());
    skip(*node.mapped());
  }
  // A callback may have sent one more.
  for (take_incoming(); !waiting.empty(); take_incoming()) {
    const ExchangePtr exchange = std::move(waiting.front());
    waiting.pop_front();
    skip(*exchange);
  }
}

HttpClient::HttpClient() : HttpClient(Options{}) {}

HttpClient::HttpClient(Options options) {
  if (options.user_agent.empty()) options.user_agent = "crmpulse/" CRMPULSE_VERSION;
  impl_ = std::make_unique<Impl>(std::move(options));
}

HttpClient::~HttpClient() = default;

void HttpClient::send(ClientRequest request, Callback callback) {
  impl_->enqueue(std::make_unique<Exchange>(std::move(request), std::move(callback)));
}

}  // namespace crmpulse::net
