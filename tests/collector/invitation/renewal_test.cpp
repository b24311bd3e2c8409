// The collector's own certificate is renewed before it ends; what keeps it from that is told.

#include "collector/invitation/renewal.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "core/files/public_file.h"
#include "net/certificates/authority.h"
#include "tests/support/temp_dir.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace std::chrono_literals;
using Catch::Contains;
using crmpulse::test::TempDir;

namespace {

const TimePoint kStart = from_unix_millis(1'800'000'000'000);
constexpr Duration kDay{24h};

struct Files {
  explicit Files(Duration authority_lasts = 3652 * kDay) {
    root = net::make_authority("test", {kStart, kStart + authority_lasts}).value();
    const auto own = net::issue_server_certificate(root, {"crm.example", "192.0.2.7"}, {kStart, kStart + 90 * kDay});
    tls = {folder.write("own.pem", own->certificate), folder.write("own.key", own->key), ""};
    authority = {folder.write("ca.pem", root.certificate), folder.write("ca.key", root.key)};
  }
  [[nodiscard]] std::string certificate() const { return files::read_whole(tls.cert_file, 100'000).value(); }
  [[nodiscard]] Renewal look(Duration after) const { return renew_if_due(authority, tls, kStart + after); }

  TempDir folder;
  net::CertifiedKey root;
  net::TlsFiles tls;
  AuthorityFiles authority;
};

}  // namespace

TEST_CASE("a certificate is renewed when a third of its life is left, for the same names and the same key") {
  const Files files;
  const std::string first = files.certificate();
  const Renewal early = files.look(59 * kDay);
  CHECK_FALSE(early.renewed);
  CHECK_FALSE(early.fault);
  CHECK(early.authority_end == kStart + 3652 * kDay);
  CHECK(files.certificate() == first);
  const Renewal due = files.look(61 * kDay);
  CHECK(due.renewed);
  CHECK_FALSE(due.fault);
  const auto facts = net::read_certificate(files.certificate());
  CHECK(facts->names == std::vector<std::string>{"crm.example", "192.0.2.7"});
  CHECK(facts->end == kStart + 61 * kDay + kCertificateLifetime);
  CHECK(net::is_issued_by(files.certificate(), files.root.certificate).value());
  // The key fits: the server takes both.
  CHECK(net::load_tls(files.tls).has_value());
  CHECK_FALSE(files.look(62 * kDay).renewed);
  CHECK(files.look(200 * kDay).renewed);
}

TEST_CASE("what keeps it from renewing is said, and the old certificate stays") {
  const Files files;
  const std::string first = files.certificate();
  std::filesystem::rename(files.authority.key_file, files.folder.path("away"));
  CHECK_THAT(files.look(61 * kDay).fault.value_or(""), Contains("ca.key"));
  CHECK_FALSE(files.look(1 * kDay).fault);
  std::filesystem::rename(files.folder.path("away"), files.authority.key_file);
  const net::CertifiedKey other = net::make_authority("test", {kStart, kStart + 3652 * kDay}).value();
  files.folder.write("ca.pem", other.certificate);
  CHECK_THAT(files.look(61 * kDay).fault.value_or(""), Contains("is not signed by"));
  files.folder.write("ca.pem", "");
  CHECK_THAT(files.look(61 * kDay).fault.value_or(""), Contains("ca.pem"));
  CHECK(files.certificate() == first);
}

TEST_CASE("an authority that ends first is not asked again and again, and one that signs elsewhere not at all") {
  const Files files{70 * kDay};
  const std::string first = files.certificate();
  const Renewal late = files.look(61 * kDay);
  CHECK_FALSE(late.renewed);
  CHECK_FALSE(late.fault);
  CHECK(late.authority_end == kStart + 70 * kDay);
  CHECK(files.certificate() == first);
  Files elsewhere;
  elsewhere.authority.key_file.clear();
  const Renewal not_ours = elsewhere.look(89 * kDay);
  CHECK_FALSE(not_ours.renewed);
  CHECK_FALSE(not_ours.fault);
  CHECK(not_ours.authority_end.has_value());
}
