#include "net/server/etag.h"

#include <catch2/catch.hpp>
#include <string>

using namespace crmpulse;

TEST_CASE("a list of If-None-Match names each of its entity tags, and compares them weakly") {
  for (const char* header : {R"("abc")", R"(W/"abc")", R"("x", "abc")", R"("x","abc","y")", R"(W/"x" , W/"abc")", "*",
                             " * ", R"(, ,"abc")", R"("a,b", "abc")", R"("x" "abc")"}) {
    INFO(header);
    CHECK(net::names_etag(header, R"("abc")"));
    CHECK(net::names_etag(header, R"(W/"abc")"));
  }
}

TEST_CASE("what only holds an entity tag's letters does not name it") {
  for (const char* header : {"", " ", "abc", R"("abcd")", R"("xabc")", R"("ABC")", R"(w/"abc")", R"(abc, "abc")",
                             R"("abc)", R"("x, "abc)", R"(*, "x")", "**", R"("a\"abc")", "W/", "W/abc"}) {
    INFO(header);
    CHECK_FALSE(net::names_etag(header, R"("abc")"));
  }
}

TEST_CASE("a request has an answer already when one of its fields names the answer's entity tag") {
  net::HttpRequest request;
  CHECK_FALSE(net::has_already(request, R"("abc")"));
  request.headers = {{"ETag", R"("abc")"}, {"If-None-Match", R"("x")"}};
  CHECK_FALSE(net::has_already(request, R"("abc")"));
  request.headers.emplace_back("if-none-match", R"(W/"abc")");
  CHECK(net::has_already(request, R"("abc")"));
  CHECK(net::if_none_match(request) == R"("x", W/"abc")");
  CHECK(net::if_none_match({}).empty());
}
