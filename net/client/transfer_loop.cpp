#include "net/client/transfer_loop.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <limits>
#include <stdexcept>
#include <utility>

#include "core/log.h"
#include "net/client/socket_options.h"

namespace crmpulse::net {
namespace {

constexpr Duration kLongestPoll = std::chrono::minutes{1};
/// libcurl gives a request up by itself and knows best why.
constexpr Duration kPatienceWithCurl{50};
constexpr std::size_t kKeptHandles = 64;

/// An option's bound; 0 is none.
std::size_t bound(int value) {
  return value > 0 ? static_cast<std::size_t>(value) : std::numeric_limits<std::size_t>::max();
}

}  // namespace

void Transfer::start(EasyHandle easy) {
  easy_ = std::move(easy);
  set_options();
}

void Transfer::set_tls(const ClientTls& tls) {
  CURL* const handle = easy_.get();
  curl_easy_setopt(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2L);
  if (tls.ca_file.empty()) {
    trust_system(handle);
  } else {
    curl_easy_setopt(handle, CURLOPT_CAINFO, tls.ca_file.c_str());
  }
  if (!tls.cert_file.empty()) curl_easy_setopt(handle, CURLOPT_SSLCERT, tls.cert_file.c_str());
  if (!tls.key_file.empty()) curl_easy_setopt(handle, CURLOPT_SSLKEY, tls.key_file.c_str());
}

ClientResponse Transfer::failed(Stage stage, Reason reason, std::string_view message) {
  ClientResponse response;
  response.failure = Failure{stage, reason, one_line(message)};
  return response;
}

void Transfer::answer(ClientResponse response) const {
  try {
    if (callback_) callback_(std::move(response));
  } catch (const std::exception& error) {
    log::error("a callback of the HTTP or mail client threw", {{"error", error.what()}});
  }
}

TransferLoop::TransferLoop(const HttpClient::Options& options)
    : max_in_flight_(std::min(bound(options.max_in_flight), bound(options.max_connections))),
      max_per_way_(bound(options.max_connections_per_host)) {
  initialise_curl_once();
  multi_.reset(curl_multi_init());
  if (!multi_) throw std::runtime_error("libcurl has no multi handle to give");
  curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(options.max_kept_connections));
  curl_multi_setopt(multi_.get(), CURLMOPT_MAX_TOTAL_CONNECTIONS, static_cast<long>(options.max_connections));
  thread_ = std::thread([this] { run(); });
}

TransferLoop::~TransferLoop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  curl_multi_wakeup(multi_.get());
  thread_.join();
}

void TransferLoop::enqueue(TransferPtr transfer) {
  {
    const std::lock_guard lock(mutex_);
    incoming_.push_back(std::move(transfer));
  }
  curl_multi_wakeup(multi_.get());
}

void TransferLoop::run() {
  block_broken_pipe_signal();
  while (take_incoming()) {
    start_waiting();
    int running = 0;
    curl_multi_perform(multi_.get(), &running);
    finish_completed();
    give_up_overdue();
    start_waiting();
    curl_multi_poll(multi_.get(), nullptr, 0, poll_milliseconds(), nullptr);
  }
  end_everything();
}

/// False when the client is being destroyed.
bool TransferLoop::take_incoming() {
  const std::lock_guard lock(mutex_);
  for (TransferPtr& transfer : incoming_) waiting_.push_back(job(std::move(transfer)));
  incoming_.clear();
  return !stopping_;
}

TransferLoop::Job TransferLoop::job(TransferPtr transfer) {
  Ways::value_type& way = *ways_.try_emplace(transfer->way()).first;
  way.second.waiting += 1;
  return {std::move(transfer), &way};
}

bool TransferLoop::has_turn(const Job& job) const {
  const auto& [name, way] = *job.way;
  return in_flight_.size() < max_in_flight_ && (name.empty() || way.in_flight < max_per_way_);
}

/// In the order they came, but for those whose way is full.
void TransferLoop::start_waiting() {
  std::deque<Job> still_waiting;
  for (Job& job : std::exchange(waiting_, {})) {
    if (has_turn(job))
      start(std::move(job));
    else
      still_waiting.push_back(std::move(job));
  }
  waiting_ = std::move(still_waiting);
}

void TransferLoop::forget_if_unused(Ways::value_type* way) {
  if (way->second.waiting + way->second.in_flight == 0) ways_.erase(ways_.find(way->first));
}

EasyHandle TransferLoop::take_handle() {
  if (idle_handles_.empty()) return EasyHandle(curl_easy_init());
  EasyHandle easy = std::move(idle_handles_.back());
  idle_handles_.pop_back();
  curl_easy_reset(easy.get());
  return easy;
}

void TransferLoop::start(Job job) {
  job.way->second.waiting -= 1;
  const auto refuse = [&](const Failure& why) {
    forget_if_unused(job.way);
    job.transfer->answer(Transfer::failed(why.stage, why.reason, why.message));
  };
  if (const auto refusal = job.transfer->refusal()) return refuse(*refusal);
  EasyHandle easy = take_handle();
  CURL* const handle = easy.get();
  if (handle == nullptr) return refuse({Stage::request, Reason::internal, "libcurl has no handle to give"});
  job.transfer->start(std::move(easy));
  job.way->second.in_flight += 1;
  in_flight_.emplace(handle, std::move(job));
  curl_multi_add_handle(multi_.get(), handle);
}

void TransferLoop::finish_completed() {
  int left = 0;
  while (const CURLMsg* const message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg == CURLMSG_DONE) end(message->easy_handle, message->data.result);
  }
}

void TransferLoop::end(CURL* easy, CURLcode code) {
  Job job = std::move(in_flight_.extract(easy).mapped());
  job.transfer->ended(code);
  curl_multi_remove_handle(multi_.get(), easy);
  std::optional<ClientResponse> response = job.transfer->finish(code);
  EasyHandle handle = job.transfer->release();
  if (idle_handles_.size() < kKeptHandles) idle_handles_.push_back(std::move(handle));
  job.way->second.in_flight -= 1;
  forget_if_unused(job.way);
  if (response)
    job.transfer->answer(*std::move(response));
  else  // it goes on to another URL, maybe another host
    waiting_.push_front(this->job(std::move(job.transfer)));
}

void TransferLoop::give_up_overdue() {
  const Clock::time_point now = Clock::now();
  std::vector<CURL*> overdue;
  for (const auto& [easy, job] : in_flight_)
    if (job.transfer->deadline() + kPatienceWithCurl <= now) overdue.push_back(easy);
  for (CURL* const easy : overdue) end(easy, CURLE_OPERATION_TIMEDOUT);

  for (Job& job : std::exchange(waiting_, {})) {
    if (job.transfer->deadline() > now)
      waiting_.push_back(std::move(job));
    else
      give_up_waiting(job);
  }
}

void TransferLoop::give_up_waiting(const Job& job) {
  const auto& [name, way] = *job.way;
  const std::string before_it = way.in_flight >= max_per_way_
                                    ? fmt::format("requests to {} that have no answer yet: {}", name, way.in_flight)
                                    : fmt::format("requests that have no answer yet: {}", in_flight_.size());
  job.way->second.waiting -= 1;
  forget_if_unused(job.way);
  job.transfer->answer(Transfer::failed(
      Stage::request, Reason::timeout, fmt::format("the request's time was over before its turn came; {}", before_it)));
}

int TransferLoop::poll_milliseconds() const {
  const Clock::time_point now = Clock::now();
  Clock::time_point next = now + kLongestPoll;
  for (const auto& [easy, job] : in_flight_) {
    next = std::min(next, job.transfer->deadline() + kPatienceWithCurl);
    if (const auto look = job.transfer->next_look()) next = std::min(next, now + *look);
  }
  for (const Job& job : waiting_) next = std::min(next, job.transfer->deadline());
  const auto wait = std::chrono::ceil<Duration>(next - now);
  return static_cast<int>(std::max<Duration::rep>(wait.count(), 0));
}

void TransferLoop::end_everything() {
  const auto skip = [](const Transfer& transfer) {
    transfer.answer(Transfer::failed(Stage::request, Reason::skipped, "the program is stopping"));
  };
  while (!in_flight_.empty()) {
    const auto node = in_flight_.extract(in_flight_.begin());
    curl_multi_remove_handle(multi_.get(), node.key());
    skip(*node.mapped().transfer);
  }
  // A callback may have sent one more.
  for (take_incoming(); !waiting_.empty(); take_incoming()) {
    const Job job = std::move(waiting_.front());
    waiting_.pop_front();
    skip(*job.transfer);
  }
}

}  // namespace crmpulse::net
