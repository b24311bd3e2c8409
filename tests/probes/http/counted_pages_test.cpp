// Pages that the agent counts itself: by offset and by number.
#include <numeric>

#include "tests/probes/crm_server.h"

using namespace crmpulse;
using namespace crmpulse::test;
using Catch::Contains;

namespace {

struct Shelf {
  std::vector<int> records;  ///< their numbers are their ids
  std::size_t most = 1000;   ///< rows of a page, however many are asked for
  std::size_t overlap = 0;   ///< rows of the page before that come again
  bool with_ids = true;
  std::string total{};  ///< what the answer says of it; empty: the truth
};

std::size_t number_in(const std::string& text, std::size_t otherwise) {
  return text.empty() ? otherwise : static_cast<std::size_t>(std::strtoul(text.c_str(), nullptr, 10));
}

std::string text_in(const net::HttpRequest& request, const std::string& name) {
  if (const auto found = request.query.find(name); found != request.query.end()) return found->second;
  const std::size_t at = request.body.find("\"" + name + "\":");
  return at == std::string::npos ? "" : request.body.substr(at + name.size() + 3);
}

/// Answers `offset` or `page` (from 1, or `p0` from 0) with `limit`.
net::HttpResponse page_of(const Shelf& shelf, const net::HttpRequest& request) {
  const std::size_t limit = std::min(number_in(text_in(request, "limit"), 2), shelf.most);
  std::size_t start = number_in(text_in(request, "offset"), 0);
  if (const std::string page = text_in(request, "page"); !page.empty()) start = (number_in(page, 1) - 1) * limit;
  if (const std::string page = text_in(request, "p0"); !page.empty()) start = number_in(page, 0) * limit;
  if (start >= shelf.overlap && start > 0) start -= shelf.overlap;
  const std::size_t end = std::min(start + limit, shelf.records.size());
  std::string rows;
  for (std::size_t i = start; i < end; ++i) {
    const std::string number = std::to_string(shelf.records[i]);
    rows +=
        (rows.empty() ? "" : ",") + (shelf.with_ids ? R"({"id":)" + number + R"(,"n":)" : R"({"n":)") + number + "}";
  }
  const std::string total = shelf.total.empty() ? std::to_string(shelf.records.size()) : shelf.total;
  return json(R"({"rows":[)" + rows + R"(],"total":)" + total + R"(,"more":)" +
              (end < shelf.records.size() ? "true" : "false") + "}");
}

CrmServer::Script shows(const Shelf& shelf) {
  return [shelf](const net::HttpRequest& request) { return page_of(shelf, request); };
}

std::vector<int> up_to(int count) {
  std::vector<int> out(static_cast<std::size_t>(count));
  std::iota(out.begin(), out.end(), 1);
  return out;
}

constexpr const char* kSum = "    each: /rows\n    samples: [{metric: total, value: /n, reduce: sum}]\n";

std::string measured(const std::string& next, const std::string& request = "{url: /list, query: {limit: \"2\"}}",
                     const std::string& more = "") {
  return "  - id: m\n    request: " + request + "\n    next: " + next + "\n" + more + kSum;
}

}  // namespace

TEST_CASE("rows are paged by offset and by number, and end with a short page, a total, an empty page or a word") {
  struct Case {
    std::string next;
    int calls;
  };
  const CrmServer crm{shows({up_to(5)})};
  for (const auto& [next, calls] : std::vector<Case>{{"{offset: offset, size: 2}", 3},
                                                     {"{offset: offset, size: limit}", 3},
                                                     {"{offset: offset, total: /total}", 3},
                                                     {"{offset: offset, more: /more}", 3},
                                                     {"{offset: offset}", 4},
                                                     {"{page: page, size: 2}", 3},
                                                     {"{page: page, total: /total}", 3},
                                                     {"{page: page, more: /more}", 3},
                                                     {"{page: page}", 4},
                                                     {"{page: p0, first: 0, size: limit}", 3}}) {
    INFO(next);
    const auto reading = run_once(crm, measured(next));
    check_succeeded(reading);
    CHECK(own_samples(reading).at("total") == 15);
    CHECK(reading.calls == calls);
    CHECK(reading.rows_truncated == 0);
  }
}

TEST_CASE("a full last page is followed by one empty page, unless the answer tells the total") {
  const CrmServer crm{shows({up_to(4)})};
  for (const auto& [next, calls] :
       std::vector<std::pair<std::string, int>>{{"{offset: offset, size: 2}", 3},
                                                {"{page: page, size: 2}", 3},
                                                {"{offset: offset, size: 2, total: /total}", 2}}) {
    INFO(next);
    const auto reading = run_once(crm, measured(next));
    check_succeeded(reading);
    CHECK(own_samples(reading).at("total") == 10);
    CHECK(reading.calls == calls);
  }
}

TEST_CASE("the offset and the page stand in the query, in the body, or where the request's texts want them") {
  const CrmServer crm{shows({up_to(5)})};
  const std::string post = "{method: POST, url: /list, json: {offset: 0, limit: 2}}";
  for (const auto& [next, request] : std::vector<std::pair<std::string, std::string>>{
           {"{offset: /offset, size: /limit}", post},
           {"{offset: \"${offset}\", size: 2}", "{url: \"/list?offset=${offset}\", query: {limit: \"2\"}}"},
           {"{page: \"${page}\", size: 2}", "{method: POST, url: /list, json: {page: \"${page|number}\"}}"},
           {"{offset: offset, size: \"${size}\"}", "{url: /list, query: {offset: \"7\", limit: \"${size}\"}}"},
           {"{offset: offset, size: limit}", "{url: /list, query: {limit: \"${size}\"}}"}}) {
    INFO(next << " " << request);
    probes::Runtime runtime;
    const auto reading = run_once(crm, measured(next, request), "", "size: 2\n");
    check_succeeded(reading);
    CHECK(own_samples(reading).at("total") == 15);
    CHECK(reading.calls == 3);
  }
}

TEST_CASE("a CRM that gives fewer rows than asked for is read to its total, by the rows that came") {
  const CrmServer crm{shows({.records = up_to(5), .most = 2})};
  const auto reading =
      run_once(crm, measured("{offset: offset, size: limit, total: /total}", "{url: /list, query: {limit: \"100\"}}"));
  check_succeeded(reading);
  CHECK(own_samples(reading).at("total") == 15);
  CHECK(reading.calls == 3);
}

TEST_CASE("a CRM that gives fewer rows than asked for and tells no total is read to its end for one call more") {
  const std::string request = "{url: /list, query: {limit: \"100\"}}";
  for (const auto& [records, calls] : std::vector<std::pair<int, int>>{{5, 2}, {20, 2}, {50, 3}, {60, 4}, {0, 1}}) {
    const CrmServer crm{shows({.records = up_to(records), .most = 20})};
    for (const std::string next : {"{offset: offset, size: limit}", "{offset: offset, size: 100}"}) {
      INFO(next << " of " << records);
      const auto reading = run_once(crm, measured(next, request));
      check_succeeded(reading);
      CHECK(own_samples(reading).at("total") == records * (records + 1) / 2);
      CHECK(reading.calls == calls);
      CHECK(reading.rows_truncated == 0);
    }
  }
  const CrmServer crm{shows({.records = up_to(50), .most = 20})};
  const auto numbered = run_once(crm, measured("{page: page, size: limit}", request));
  check_succeeded(numbered);
  CHECK(own_samples(numbered).at("total") == 1275);
  CHECK(numbered.calls == 3);
  // Who is to tell whether more follows says the end by not saying it.
  const CrmServer silent{shows({up_to(1)})};
  CHECK(run_once(silent, measured("{offset: offset, more: /follows, size: limit}")).calls == 1);
  // All of these were read before, and that there is no further page to ask for does not cut them off.
  const auto one = run_once(crm, measured("{offset: offset, size: limit}", request, "    pages: 1\n"));
  check_succeeded(one);
  CHECK(one.rows_truncated == 0);
}

TEST_CASE("a page asked for only because the first one was short may be refused, any other may not") {
  const auto refuses = [](int records, int status) -> CrmServer::Script {
    return [shelf = Shelf{up_to(records)}, status](const net::HttpRequest& request) {
      const bool beyond = number_in(text_in(request, "offset"), 0) >= shelf.records.size();
      return beyond ? json(R"({"error":"there is no such page"})", status) : page_of(shelf, request);
    };
  };
  for (const int status : {400, 404, 416, 422}) {
    INFO(status);
    const CrmServer crm{refuses(1, status)};
    const auto reading = run_once(crm, measured("{offset: offset, size: limit}"));
    check_succeeded(reading);
    CHECK(own_samples(reading).at("total") == 1);
    CHECK(reading.calls == 2);
  }
  for (const auto& [records, status] : std::vector<std::pair<int, int>>{{1, 500}, {1, 403}, {2, 404}}) {
    INFO(records << " " << status);
    const CrmServer crm{refuses(records, status)};
    CHECK(run_once(crm, measured("{offset: offset, size: limit}")).failure.has_value());
  }
}

TEST_CASE(
    "a total that is none leaves the end to short pages, and rows that a total promises and nobody gives are counted") {
  for (const std::string total : {"-1", "null", "\"many\""}) {
    INFO(total);
    const CrmServer crm{shows({.records = up_to(5), .total = total})};
    const auto reading = run_once(crm, measured("{offset: offset, size: 2, total: /total}"));
    check_succeeded(reading);
    CHECK(own_samples(reading).at("total") == 15);
    CHECK(reading.calls == 3);
    CHECK(reading.rows_truncated == 0);
  }
  const CrmServer crm{shows({.records = up_to(4), .total = "7"})};
  const auto reading = run_once(crm, measured("{offset: offset, total: /total}"));
  check_succeeded(reading);
  CHECK(reading.rows_truncated == 3);
  CHECK_THAT(warnings_of(reading), Contains("the CRM tells of 7 rows and gives no more than 4"));
}

TEST_CASE("a list that is cut off is warned of with its total, where the CRM tells it") {
  const CrmServer crm{shows({up_to(100)})};
  const auto reading = run_once(
      crm, measured("{offset: offset, total: /total}", "{url: /list, query: {limit: \"2\"}}", "    pages: 3\n"));
  check_succeeded(reading);
  CHECK_THAT(warnings_of(reading), Contains("only 6 of 100 rows were read") && Contains("`pages` (3)"));
}

TEST_CASE("a CRM that gives the first page again and again is found out on the second, with or without ids") {
  for (const bool with_ids : {true, false}) {
    const Shelf shelf{.records = up_to(2), .with_ids = with_ids};
    const CrmServer crm{[&](const net::HttpRequest&) { return page_of(shelf, net::HttpRequest{}); }};
    for (const auto& [next, name] : std::vector<std::pair<std::string, std::string>>{
             {"{offset: start, size: 2}", "offset 2"}, {"{page: number, size: 2}", "page 2"}}) {
      INFO(next);
      const auto before = crm.requests().size();
      const auto reading = run_once(crm, measured(next));
      check_failed(reading, "content/bad_content");
      CHECK_THAT(reading.failure->message, Contains(name));
      CHECK_THAT(reading.failure->message, Contains("ignores '"));
      CHECK_FALSE(own_samples(reading).contains("total"));
      CHECK(crm.requests().size() - before == 2);
    }
  }
}

TEST_CASE("pages that overlap each time are a failure that names the cause, and nothing is counted twice") {
  const CrmServer crm{shows({.records = up_to(9), .overlap = 1})};
  for (const std::string next :
       {"{offset: offset, size: limit}", "{page: page, size: limit}", "{offset: offset, size: limit, id: /n}"}) {
    INFO(next);
    const auto reading = run_once(crm, measured(next, "{url: /list, query: {limit: \"3\"}}"));
    check_failed(reading, "content/bad_content");
    CHECK_THAT(reading.failure->message, Contains("repeats 1 of its 3 records from earlier pages"));
    CHECK_THAT(reading.failure->message, Contains("an order that stays"));
    CHECK_FALSE(own_samples(reading).contains("total"));
  }
}

TEST_CASE("pages whose records come nearly all again are told as what they are, not as records that moved") {
  // It takes the number of a page for a number of records.
  const CrmServer counts_records{[shelf = Shelf{up_to(30)}](const net::HttpRequest& request) {
    net::HttpRequest asked = request;
    asked.query["offset"] = text_in(request, "number");
    return page_of(shelf, asked);
  }};
  const std::string ten = "{url: /list, query: {limit: \"10\"}}";
  const auto numbered = run_once(counts_records, measured("{page: number, first: 0, total: /total}", ten));
  check_failed(numbered, "content/bad_content");
  CHECK_THAT(numbered.failure->message,
             Contains("page 1 repeats 9 of its 10 records") &&
                 Contains("counts records with 'number', not pages (then write `next: {offset:"));
  // It ignores the offset, and shows one record that is new each time.
  const CrmServer ignores{[asked = 0](const net::HttpRequest& request) mutable {
    Shelf shelf{up_to(30)};
    shelf.records.insert(shelf.records.begin(), 100 + asked++);
    net::HttpRequest first = request;
    first.query.erase("offset");
    return page_of(shelf, first);
  }};
  const auto ignored = run_once(ignores, measured("{offset: offset, total: /total}", ten));
  check_failed(ignored, "content/bad_content");
  CHECK_THAT(ignored.failure->message, Contains("does not leave out as many records as 'offset' says"));
}

TEST_CASE("a record that is created while pages are read moves others on: all is read anew, and each is counted once") {
  Shelf shelf{.records = {5, 4, 3, 2, 1}};
  const CrmServer crm{[&, asked = 0](const net::HttpRequest& request) mutable {
    if (++asked == 2) shelf.records.insert(shelf.records.begin(), 6);
    return page_of(shelf, request);
  }};
  const auto reading = run_once(crm, measured("{offset: offset, size: 2}"));
  check_succeeded(reading);
  CHECK(own_samples(reading).at("total") == 21);
  CHECK(reading.calls == 2 + 4);
}

TEST_CASE("pages without end are bounded, and that some were left out is counted") {
  const CrmServer crm{shows({up_to(100)})};
  const auto pages =
      run_once(crm, measured("{offset: offset, size: 2}", "{url: /list, query: {limit: \"2\"}}", "    pages: 3\n"));
  check_succeeded(pages);
  CHECK(own_samples(pages).at("total") == 21);
  CHECK(pages.rows_truncated >= 1);
  CHECK(pages.calls == 3);
  const auto rows =
      run_once(crm, measured("{page: page, size: 2}", "{url: /list, query: {limit: \"2\"}}", "    rows: 5\n"));
  check_succeeded(rows);
  CHECK(own_samples(rows).at("total") == 15);
  CHECK(rows.rows_truncated >= 1);
  CHECK(rows.calls == 3);
}

TEST_CASE("an empty page that promises more rows behind the same offset is a failure") {
  const CrmServer crm{answers(json(R"({"rows":[],"more":true})"))};
  const auto reading = run_once(crm, measured("{offset: offset, more: /more}"));
  check_failed(reading, "content/bad_content");
  CHECK_THAT(reading.failure->message, Contains("has no rows"));
  CHECK(crm.requests().size() == 1);
}

TEST_CASE("records are told apart by what `next.id` names, and rows without it are a failure") {
  const CrmServer crm{[](const net::HttpRequest& request) {
    const bool second = text_in(request, "offset") == "2";
    return json(second ? R"({"rows":[{"id":1,"uuid":"c","n":1}]})"
                       : R"({"rows":[{"id":1,"uuid":"a","n":1},{"id":1,"uuid":"b","n":1}]})");
  }};
  const auto usual = run_once(crm, measured("{offset: offset, size: 2}"));
  check_failed(usual, "content/bad_content");
  CHECK_THAT(usual.failure->message, Contains("name what does in `next.id`"));
  const auto named = run_once(crm, measured("{offset: offset, size: 2, id: /uuid}"));
  check_succeeded(named);
  CHECK(own_samples(named).at("total") == 3);
  const auto gone = run_once(crm, measured("{offset: offset, size: 2, id: /key}"));
  check_failed(gone, "content/bad_content");
  CHECK_THAT(gone.failure->message, Contains("/key"));
}
