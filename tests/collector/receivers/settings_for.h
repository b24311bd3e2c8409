#pragma once
// What the contract test must know of each type of receiver. One entry a type, beside its line in receivers/table.cpp.

#include <map>
#include <string>
#include <string_view>

#include "collector/receivers/base/receiver.h"
#include "tests/collector/receivers/mail_as_read.h"

namespace crmpulse::test {

struct ReceiverContract {
  /// The keys it needs beside name, type and language, as they stand in a flow mapping.
  std::string keys = "url: \"https://example.com/services/very-secret-part?key=another-secret\"";
  std::size_t most = 20'000;  ///< bytes one request may have
  /// Its text is read by people: it says the state, the value against its threshold, whose fault, what to do, the link.
  /// False for machine formats, where only the names are looked for.
  bool for_people = true;
  /// What its reader sees. Null: every string of the JSON body, one a line.
  std::string (*seen)(const collector::Outgoing& outgoing) = nullptr;
};

[[nodiscard]] inline const std::map<std::string_view, ReceiverContract>& receiver_contracts() {
  static const ReceiverContract kAddressOnly;
  static const std::map<std::string_view, ReceiverContract> kContracts{
      {"webhook", {kAddressOnly.keys, 256'000, false, nullptr}},
      {"slack", {kAddressOnly.keys, 13'000, true, nullptr}},
      {"teams", kAddressOnly},
      {"dingtalk", {kAddressOnly.keys + ", mention: [\"13800000000\"]", 20'000, true, nullptr}},
      {"wecom", {kAddressOnly.keys, 6'000, true, nullptr}},
      {"feishu", kAddressOnly},
      {"discord", {kAddressOnly.keys, 18'000, true, nullptr}},
      {"alertmanager", {"url: \"https://example.com/very-secret-part\"", 100'000, true, nullptr}},
      {"pagerduty", {kAddressOnly.keys + ", routing_key_env: PATH", 60'000, false, nullptr}},
      {"opsgenie",
       {"url: \"https://example.com/very-secret-part\", api_key_env: PATH", 60'000, false,
        [](const collector::Outgoing& outgoing) {
          const auto& request = std::get<net::ClientRequest>(outgoing);
          return request.url + "\n" + request.body;
        }}},
      {"email",
       {"server: mail.example.com, from: crmpulse@example.com, to: oncall@example.com", 60'000, true,
        [](const collector::Outgoing& outgoing) {
          return mail_as_read(std::get<net::MailRequest>(outgoing).message);
        }}},
      {"cloudevents", {kAddressOnly.keys, 256'000, false, nullptr}},
      {"zapier", {kAddressOnly.keys, 60'000, true, nullptr}},
      {"ifttt", {kAddressOnly.keys, 60'000, true, nullptr}},
  };
  return kContracts;
}

}  // namespace crmpulse::test
