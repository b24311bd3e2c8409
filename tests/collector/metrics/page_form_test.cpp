// Which form of /metrics an Accept asks for.

#include "collector/metrics/page_form.h"

#include <catch2/catch.hpp>

using namespace crmpulse;
using namespace crmpulse::collector;

namespace {

PageRequest asked(const std::string& accept, const std::string& encoding = "") {
  net::HttpRequest request;
  if (!accept.empty()) request.headers.emplace_back("Accept", accept);
  if (!encoding.empty()) request.headers.emplace_back("Accept-Encoding", encoding);
  return requested_page(request);
}

constexpr auto kText = "text/plain; version=0.0.4; charset=utf-8";
constexpr auto kOpen = "application/openmetrics-text; version=1.0.0; charset=utf-8";

}  // namespace

TEST_CASE("without a wish, or with one that nobody can meet, the page is text 0.0.4") {
  for (const char* accept :
       {"", "*/*", "text/*", "text/plain", "text/plain;version=0.0.4", "image/png", "text/html, */*;q=0.1",
        "application/openmetrics-text;q=0", "application/openmetrics-text;version=0.0.1",
        "application/openmetrics-text;version=2.0.0, */*;q=0.1", "*/*;q=0", "text/plain;q=x",
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"}) {
    INFO(accept);
    CHECK(asked(accept).form.format == PageFormat::text);
    CHECK(asked(accept).content_type == kText);
  }
}

TEST_CASE("OpenMetrics 1.0.0 is sent to those who like it best") {
  for (const char* accept :
       {"application/openmetrics-text", "application/openmetrics-text; version=1.0.0; charset=utf-8",
        "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
        "text/plain;q=0.5, application/openmetrics-text;q=0.6", "application/*", "text/plain;q=0, */*;q=0.1",
        "APPLICATION/OPENMETRICS-TEXT"}) {
    INFO(accept);
    CHECK(asked(accept).form.format == PageFormat::open_metrics);
    CHECK(asked(accept).content_type == kOpen);
  }
  CHECK(asked("text/plain, application/openmetrics-text").form.format == PageFormat::text);
  CHECK(asked("application/openmetrics-text, text/plain").form.format == PageFormat::open_metrics);
  CHECK(asked("application/openmetrics-text;q=0.5, text/plain;q=0.6").form.format == PageFormat::text);
  // A range that names the format closer counts more than one that names all.
  CHECK(asked("*/*, application/openmetrics-text;q=0.1").form.format == PageFormat::text);
}

TEST_CASE("the Accept of Prometheus 2 and 3 is answered with OpenMetrics, and 3's escaping scheme comes back") {
  CHECK(asked("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
              "text/plain;version=0.0.4;q=0.5,*/*;q=0.1")
            .content_type == kOpen);
  for (const char* scheme : {"allow-utf-8", "underscores", "dots", "values"}) {
    const std::string escaping = std::string{";escaping="} + scheme;
    const std::string accept = "application/openmetrics-text;version=1.0.0" + escaping +
                               ";q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0" +
                               escaping + ";q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
    INFO(scheme);
    CHECK(asked(accept).content_type == std::string{kOpen} + "; escaping=" + scheme);
    CHECK(asked("text/plain;version=1.0.0" + escaping + ";q=0.3,text/plain;version=0.0.4;q=0.2").content_type ==
          std::string{"text/plain; version=1.0.0; charset=utf-8; escaping="} + scheme);
    CHECK(asked("text/plain;version=0.0.4" + escaping).content_type == std::string{kText} + "; escaping=" + scheme);
  }
  CHECK(asked("application/openmetrics-text;escaping=rot13").content_type == kOpen);
  CHECK(asked("application/openmetrics-text;escaping=\"a\r\nb\"").content_type == kOpen);
}

TEST_CASE("gzip is a matter of its own, whatever the format") {
  CHECK(asked("", "gzip").form.gzip);
  CHECK(asked("application/openmetrics-text", "gzip, deflate").form.gzip);
  CHECK_FALSE(asked("application/openmetrics-text", "gzip;q=0").form.gzip);
  CHECK_FALSE(asked("application/openmetrics-text").form.gzip);
}
