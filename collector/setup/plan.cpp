#include "collector/setup/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "collector/configuration/settings.h"
#include "collector/invitation/renewal.h"
#include "collector/setup/machine_names.h"
#include "config/edit/value_edit.h"
#include "config/node.h"
#include "core/files/public_file.h"
#include "core/words/locale.h"
#include "net/base/endpoint.h"
#include "net/base/url.h"
#include "net/certificates/authority.h"
#include "net/certificates/bundle.h"

namespace crmpulse::collector {
namespace {

namespace fs = std::filesystem;

/// Where the four files lie that are made here.
struct Places {
  std::string ca;
  std::string ca_key;
  std::string cert;
  std::string key;
};

Places places_in(const std::string& folder) {
  return {folder + "/ca.pem", folder + "/ca.key", folder + "/collector.pem", folder + "/collector.key"};
}

const config::Node* member(const config::Node& node, std::string_view key) {
  for (const config::Member& one : node.members)
    if (one.first == key) return &one.second;
  return nullptr;
}

bool is_there(const std::string& file) {
  std::error_code error;
  return fs::exists(file, error);
}

Result<config::Node> read_before(const SetupOptions& options, SetupPlan& plan) {
  if (!is_there(options.config)) return config::Node{};
  auto text = files::read_whole(options.config, config::kMaxDocumentBytes);
  if (!text) return text.error();
  plan.before = std::move(*text);
  auto document = config::load_text(plan.before, options.config);
  if (!document) return Error{to_string(document.error())};
  return std::move(document->root);
}

std::string absolute(const std::string& path, const fs::path& folder) {
  const fs::path place = fs::path{path}.is_absolute() ? fs::path{path} : folder / path;
  return place.lexically_normal().string();
}

/// What is there is used again: agents trust it.
Result<net::CertifiedKey> authority_for(const Places& places, const SetupOptions& options, TimePoint now,
                                        SetupPlan& plan) {
  const bool has_certificate = is_there(places.ca);
  if (has_certificate != is_there(places.ca_key) && !options.new_authority)
    return Error{in_words(spoken_language(options.language),
                          "{} is there without {}: put it back, or say --new-authority, and every agent joins again",
                          "有 {}，却没有 {}：请把它放回原处；或加上 --new-authority，此后每个探针都要重新加入",
                          has_certificate ? places.ca : places.ca_key, has_certificate ? places.ca_key : places.ca)};
  if (has_certificate && !options.new_authority) {
    auto certificate = files::read_whole(places.ca, kMostPemBytes);
    if (!certificate) return certificate.error();
    auto key = files::read_whole(places.ca_key, kMostPemBytes);
    if (!key) return key.error();
    return net::CertifiedKey{std::move(*certificate), std::move(*key)};
  }
  // Two authorities of one name would be taken for each other.
  const std::string name = fmt::format("crmpulse {} {}", plan.names.front(), format_time(now).substr(0, 10));
  auto made = net::make_authority(name, {now - kBackdated, now + kAuthorityLifetime});
  if (!made) return made;
  plan.makes_authority = true;
  plan.files.push_back({places.ca_key, made->key, true});
  plan.files.push_back({places.ca, made->certificate, false});
  return made;
}

/// Returns what the certificate that is there says; nullopt if there is none, or it cannot be read.
std::optional<net::CertificateFacts> present_certificate(const Places& places, std::string& pem) {
  auto text = files::read_whole(places.cert, kMostPemBytes);
  if (!text) return std::nullopt;
  auto facts = net::read_certificate(*text);
  pem = std::move(*text);
  return facts ? std::optional{std::move(*facts)} : std::nullopt;
}

Result<std::vector<std::string>> names_for(const SetupOptions& options, const config::Node& root,
                                           const std::optional<net::CertificateFacts>& present) {
  std::vector<std::string> names = options.names;
  if (names.empty() && present) names = present->names;
  if (names.empty()) {
    const config::Node* const external = member(root, "external_url");
    const auto url = external == nullptr ? Result<net::Url>{Error{""}} : net::parse_url(external->scalar);
    if (url && url->scheme == "https") names.emplace_back(net::without_brackets(url->host));
    for (std::string& name : machine_names())
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
  }
  if (names.empty())
    return Error{in_words(spoken_language(options.language),
                          "this machine has no name that others could know it by: say --name HOST",
                          "本机没有其他机器能识别的名称：请加上 --name 主机名")};
  // Whoever asks for the state on this machine itself.
  for (const char* own : {"localhost", "127.0.0.1", "::1"})
    if (std::find(names.begin(), names.end(), own) == names.end()) names.emplace_back(own);
  for (const std::string& name : names)
    if (auto valid = net::check_certificate_name(name); !valid) return Error{"--name: " + valid.error().message};
  return names;
}

Result<void> plan_certificate(const SetupOptions& options, const config::Node& root, TimePoint now, SetupPlan& plan) {
  const Places places = places_in(plan.tls_dir);
  std::string present_pem;
  const auto present = present_certificate(places, present_pem);
  auto names = names_for(options, root, present);
  if (!names) return names.error();
  plan.names = std::move(*names);
  const auto authority = authority_for(places, options, now, plan);
  if (!authority) return authority.error();
  const bool same_names = present && present->names.size() == plan.names.size() &&
                          std::is_permutation(present->names.begin(), present->names.end(), plan.names.begin());
  const bool half_over = present && now > present->begin + (present->end - present->begin) / 2;
  if (same_names && !half_over && is_there(places.key)) {
    const auto ours = net::is_issued_by(present_pem, authority->certificate);
    if (ours && *ours) return {};
  }
  // The same key again, so that a running collector sees one file change.
  std::string key;
  if (is_there(places.key)) {
    auto text = files::read_whole(places.key, kMostPemBytes);
    if (!text) return text.error();
    key = std::move(*text);
  }
  const auto made =
      net::issue_server_certificate(*authority, plan.names, {now - kBackdated, now + kCertificateLifetime}, key);
  if (!made) return Error{fmt::format("{}: {}", plan.tls_dir, made.error().message)};
  if (key.empty()) plan.files.push_back({places.key, made->key, true});
  plan.files.push_back({places.cert, made->certificate, false});
  return {};
}

/// The last one stands on top where they are new.
std::vector<config::NewValue> values_for(const SetupOptions& options, const config::Node& root, const SetupPlan& plan) {
  const config::Node* const auth = member(root, "auth");
  const bool mapping = auth != nullptr && auth->kind == config::Node::Kind::mapping;
  std::vector<config::NewValue> values{
      {mapping ? std::vector<std::string>{"auth", "mode"} : std::vector<std::string>{"auth"}, "required"}};
  const auto put = [&](const char* key, const std::string& text, std::vector<std::string> instead_of = {}) {
    if (!text.empty()) values.push_back({{"tls", key}, text, std::move(instead_of)});
  };
  const Places places = places_in(plan.tls_dir);
  const bool own = !options.cert_file.empty();
  const auto given = [](const std::string& file) { return file.empty() ? file : absolute(file, fs::current_path()); };
  if (!own) put("ca_key_file", places.ca_key, {"ca_key_credential"});
  put("ca_file", own ? given(options.ca_file) : places.ca);
  put("key_file", own ? given(options.key_file) : places.key, {"key_credential"});
  put("cert_file", own ? given(options.cert_file) : places.cert);
  values.push_back({{"listen"}, options.listen});
  return values;
}

/// A key that says what is not so any more is for its writer to remove.
Result<void> check_own(const SetupOptions& options, const config::Node& root) {
  const config::Node* const tls = member(root, "tls");
  if (tls == nullptr) return {};
  for (const std::string_view key : {"ca_key_file", "ca_key_credential", "ca_file"}) {
    if (key == "ca_file" && !options.ca_file.empty()) continue;
    if (member(*tls, key) != nullptr)
      return Error{in_words(spoken_language(options.language),
                            "{}: take tls.{} out first: it is not the authority of your certificate",
                            "{}：请先删除 tls.{}：它不是您这张证书的 CA", options.config, key)};
  }
  return {};
}

Result<void> check_options(const SetupOptions& options) {
  const Language language = spoken_language(options.language);
  const bool own = !options.cert_file.empty();
  if (own == options.key_file.empty())
    return Error{in_words(language, "--cert-file and --key-file belong together: give both or neither",
                          "--cert-file 与 --key-file 必须同时给出，或都不给")};
  if (!options.ca_file.empty() && !own)
    return Error{in_words(language, "--ca-file needs --cert-file and --key-file",
                          "使用 --ca-file 时须同时给出 --cert-file 和 --key-file")};
  if (own && (!options.names.empty() || options.new_authority))
    return Error{in_words(language,
                          "--name and --new-authority are for a certificate that is made here, not for your own",
                          "--name 和 --new-authority 只用于在此生成的证书，不用于您自己的证书")};
  return {};
}

}  // namespace

Result<SetupPlan> plan_setup(const SetupOptions& options, TimePoint now) {
  if (auto fine = check_options(options); !fine) return fine.error();
  const bool own = !options.cert_file.empty();
  if (const auto endpoint = net::parse_endpoint(options.listen); !endpoint)
    return Error{"--listen: " + endpoint.error().message};
  SetupPlan plan;
  const auto root = read_before(options, plan);
  if (!root) return root.error();
  const fs::path folder = fs::absolute(options.config).parent_path();
  const config::Node* const state = member(*root, "state_dir");
  plan.state_dir = absolute(state == nullptr ? Settings{}.state_dir : state->scalar, folder);
  if (own) {
    if (auto fine = check_own(options, *root); !fine) return fine.error();
  } else {
    plan.tls_dir = options.tls_dir.empty() ? plan.state_dir + "-tls" : absolute(options.tls_dir, fs::current_path());
    if (auto planned = plan_certificate(options, *root, now, plan); !planned) return planned.error();
  }
  auto after = config::with_values(plan.before, values_for(options, *root, plan), options.config);
  if (!after) return after.error();
  plan.after = std::move(*after);
  return plan;
}

}  // namespace crmpulse::collector
