// Never compiled. Every line marked `BAD` has to be found by scripts/lint-coroutines, and no other.
#include <boost/asio/co_spawn.hpp>  // BAD
#include <boost/asio/detached.hpp>  // BAD
#include <boost/asio/use_awaitable.hpp>

namespace asio = boost::asio;

asio::awaitable<void> braces() {
  co_await send(Request{"GET", "/"});  // BAD
  const auto answer = co_await send({});  // BAD
  co_await send(
      Request{  // BAD
          1});
  if (co_await ready()) {  // BAD
    co_return;
  }
  co_yield Value{1};  // BAD
}

asio::awaitable<void> lambdas(int count) {
  co_await retry([count] { return count; });  // BAD
  co_await retry(count, [](int n) -> bool { return n > 0; });  // BAD
  co_await [] { return ready(); }();  // BAD
}

asio::awaitable<int> branches(bool first) {
  const int value = first ? co_await one() : co_await two();  // BAD
  const int other = co_await (first ? one() : two());  // BAD
  co_return co_await three(first ? 1 : 2);  // BAD
}

void starts(asio::io_context& context) {
  asio::co_spawn(context, braces(), asio::detached);  // BAD
  using asio::detached;  // BAD
  auto task = [&context]() -> asio::awaitable<void> {  // BAD
    co_await ready();
  };
  auto also = [] { co_return; };  // BAD
}

asio::awaitable<void> fine(std::array<int, 3> values, bool first) {
  // co_await send(Request{});
  /* co_await (first ? one() : two()); asio::detached */
  const char* text = "co_await { [] ? :";
  const char* raw = R"x(co_await send(Request{}); ")x";
  const Request request{"GET", text, raw};
  const char brace = '{';
  const long large = 1'000'000;
  const int chosen = first ? 1 : 2;
  co_await send(request, values[chosen], brace);
  co_await send(values[0]), large;
  const auto [error, size] = co_await read(asio::as_tuple(asio::use_awaitable));
  if (!co_await ready()) co_return;
  for (int i = 0; i < 3; ++i) co_await ready();
  [[maybe_unused]] const auto visitor = [&](int n) { return n > 0 ? n : -n; };
  co_await ready();
}
