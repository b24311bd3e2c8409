// Bodies that come compressed: decoded where they are offered, named where not, whole or refused, bounded after
// decoding.
#include <algorithm>
#include <boost/algorithm/string.hpp>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>
#include <tuple>
#include <vector>

#include "tests/net/support.h"

using namespace crmpulse;
using namespace crmpulse::net;
using namespace crmpulse::net::test;
using Catch::Contains;

namespace {

std::string bytes(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out += static_cast<char>(std::strtol(std::string{hex.substr(i, 2)}.c_str(), nullptr, 16));
  return out;
}

const std::string kText = "welcome to the CRM";
const std::string kGzip = bytes("1f8b08000000000002032b4fcd49cecf4d5528c95728c94855700ef20500a9989fda12000000");
const std::string kDeflate = bytes("789c2b4fcd49cecf4d5528c95728c94855700ef2050040a70653");
/// 200,000 zeros.
const std::string kBomb = bytes(
    "1f8b0800000000000203edc13101000000c2a0f54f6d067fa000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000000080d7007b58e05c400d0300");

/// kText and 200,000 zeros in the two newer ones.
const std::string kBrotli = bytes("8b088077656c636f6d6520746f207468652043524d03");
const std::string kBrotliBomb = bytes("5b3f0d837f02201e0b04f2090600");
const std::string kZstd = bytes("28b52ffd046891000077656c636f6d6520746f207468652043524de22c585b");
const std::string kZstdBomb = bytes("28b52ffd04684c000008000100fcff391002036a0800c4e97470");

ClientResponse answered_with(const std::string& encoding, const std::string& body, std::size_t most = 64 * 1024) {
  Served served(
      [&](const HttpRequest&, const Respond& respond) { respond({200, {{"Content-Encoding", encoding}}, body}); });
  ClientRequest request = get(served.url());
  request.max_response_bytes = most;
  HttpClient client;
  return fetch(client, request);
}

}  // namespace

TEST_CASE("a request says what it can decode, and compressed answers are decoded") {
  std::string accepted;
  Served served([&](const HttpRequest& request, const Respond& respond) {
    accepted = request.header("accept-encoding");
    respond({200, {}, "ok"});
  });
  HttpClient client;
  CHECK(fetch(client, get(served.url())).body == "ok");
  CHECK_THAT(accepted, Contains("gzip") && Contains("deflate"));
  CHECK(answered_with("gzip", kGzip).body == kText);
  CHECK(answered_with("x-gzip", kGzip).body == kText);
  CHECK(answered_with("deflate", kDeflate).body == kText);
  CHECK(answered_with("identity", kText).body == kText);
}

TEST_CASE("whatever encoding is offered is decoded and bounded, and one that is not offered is refused by its name") {
  std::string accepted;
  Served served([&](const HttpRequest& request, const Respond& respond) {
    accepted = request.header("accept-encoding");
    respond({200, {}, "ok"});
  });
  HttpClient client;
  REQUIRE(fetch(client, get(served.url())).body == "ok");
  const std::map<std::string, std::pair<std::string, std::string>> known{{"gzip", {kGzip, kBomb}},
                                                                         {"deflate", {kDeflate, ""}},
                                                                         {"br", {kBrotli, kBrotliBomb}},
                                                                         {"zstd", {kZstd, kZstdBomb}}};
  std::vector<std::string> offered;
  boost::split(offered, accepted, boost::is_any_of(", "), boost::token_compress_on);
  INFO(accepted);
  for (const std::string& name : offered) CHECK(known.count(name) == 1);  // else this test does not know it
  for (const auto& [name, bodies] : known) {
    INFO(name);
    const auto& [body, bomb] = bodies;
    const ClientResponse response = answered_with(name, body);
    if (std::find(offered.begin(), offered.end(), name) == offered.end()) {
      REQUIRE(response.failure);
      CHECK_THAT(response.failure->message, Contains("cannot be decoded") && Contains(name));
      continue;
    }
    CHECK(response.body == kText);
    if (bomb.empty()) continue;
    CHECK(answered_with(name, bomb, 200'000).body.size() == 200'000);
    const ClientResponse large = answered_with(name, bomb, 199'999);
    CHECK(large.body.empty());
    REQUIRE(large.failure);
    CHECK(large.failure->reason == Reason::bad_content);
  }
}

TEST_CASE(
    "an encoding that cannot be decoded, and bytes that are not what they are said to be, are bad content and named") {
  for (const auto& [encoding, body] : {std::pair<std::string, std::string>{"snappy", kText},
                                       {"gzip", kText},
                                       {"compress", kGzip},
                                       {"gzip, snappy", kGzip}}) {
    INFO(encoding);
    const ClientResponse response = answered_with(encoding, body);
    CHECK(response.body.empty());
    REQUIRE(response.failure);
    CHECK(response.failure->stage == Stage::response);
    CHECK(response.failure->reason == Reason::bad_content);
    CHECK_THAT(response.failure->message, Contains("cannot be decoded") && Contains(encoding));
  }
}

TEST_CASE("a decoded answer is bounded as one that came as it is") {
  CHECK(answered_with("gzip", kBomb, 200'000).body.size() == 200'000);
  const ClientResponse response = answered_with("gzip", kBomb, 199'999);
  CHECK(response.body.empty());
  REQUIRE(response.failure);
  CHECK(response.failure->reason == Reason::bad_content);
  CHECK_THAT(response.failure->message, Contains("is larger than 199999 bytes"));
}

TEST_CASE("a compressed answer that ends too soon is cut short, wherever it ends") {
  const auto [encoding, whole, least] =
      GENERATE(std::tuple{"gzip", kGzip, 1}, std::tuple{"x-gzip", kGzip, 1}, std::tuple{"deflate", kDeflate, 2},
               std::tuple{"gzip, identity", kGzip, 1});
  INFO(encoding);
  for (std::size_t length = static_cast<std::size_t>(least); length < whole.size(); ++length) {
    INFO(length);
    const ClientResponse response = answered_with(encoding, whole.substr(0, length));
    CHECK(response.body.empty());
    REQUIRE(response.failure);
    CHECK(response.failure->stage == Stage::response);
    CHECK(response.failure->reason == Reason::bad_content);
    CHECK_THAT(response.failure->message, Contains("is cut short") && Contains(encoding));
  }
  CHECK(answered_with(encoding, whole).body == kText);
  CHECK(answered_with(encoding, "").body.empty());  // of an answer without a body nothing is missing
}

TEST_CASE("a gzip of several members is one text, each of them whole and all of them bounded") {
  CHECK(answered_with("gzip", kGzip + kGzip).body == kText + kText);
  CHECK(answered_with("gzip", kGzip + kGzip + kGzip).body == kText + kText + kText);
  const std::vector<std::tuple<std::string, std::size_t, std::string>> refused{
      {kGzip + kGzip.substr(0, 20), 1000, "is cut short"},
      {kGzip + kGzip.substr(0, 1), 1000, "is cut short"},
      {kGzip + "<html>", 1000, "cannot be decoded"},
      {kGzip + kBomb, 200'017, "is larger than 200017 bytes"}};
  for (const auto& [body, most, said] : refused) {
    INFO(said);
    const ClientResponse response = answered_with("gzip", body, most);
    CHECK(response.body.empty());
    REQUIRE(response.failure);
    CHECK(response.failure->stage == Stage::response);
    CHECK(response.failure->reason == Reason::bad_content);
    CHECK_THAT(response.failure->message, Contains(said));
  }
  CHECK(answered_with("gzip", kGzip + kBomb, 200'018).body.size() == 200'018);
}

TEST_CASE("encodings upon encodings, and deflate without its frame, are decoded") {
  CHECK(answered_with("deflate", kDeflate.substr(2, kDeflate.size() - 6)).body == kText);
  CHECK(answered_with("deflate", kDeflate.substr(2)).body == kText);
  CHECK(answered_with("GZIP", kGzip).body == kText);
  CHECK(answered_with("deflate, identity", kDeflate).body == kText);
  const ClientResponse twice = answered_with("gzip, gzip", kGzip);
  REQUIRE(twice.failure);
  CHECK_THAT(twice.failure->message, Contains("cannot be decoded"));
}

TEST_CASE("the bound is of the decoded answer, also where the encoding makes it longer") {
  REQUIRE(kGzip.size() > kText.size());
  CHECK(answered_with("gzip", kGzip, kText.size()).body == kText);
  CHECK(answered_with("gzip", kGzip, kText.size() - 1).failure.has_value());
}
