#include "sandbox/odoo/xmlrpc.h"

#include "tests/sandbox/odoo/odoo_caller.h"

using namespace crmpulse;
using namespace crmpulse::test;
using sandbox::selfhosted::xml_call;

namespace {

std::string method_call(const std::string& method, const std::vector<std::string>& params) {
  std::string out = "<?xml version='1.0'?>\n<methodCall>\n<methodName>" + method + "</methodName>\n<params>\n";
  for (const std::string& one : params) out += "<param>\n<value>" + one + "</value></param>\n";
  return out + "</params>\n</methodCall>\n";
}

std::string text(const std::string& words) {
  return "<string>" + words + "</string>";
}

bool has(const net::HttpResponse& answer, std::string_view what) {
  INFO(answer.body);
  return answer.status == 200 && answer.body.find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("an XML-RPC call is read with every type of value") {
  const auto call = xml_call(method_call(
      "do.it", {"<int>-7</int>", "<i8>8589934592</i8>", "<boolean>1</boolean>", "<double>2.5</double>", "<nil/>",
                "plain &amp; &#x4e2d;", "<string/>", "<dateTime.iso8601>20261121T09:00:00</dateTime.iso8601>",
                "<array><data><value><int>1</int></value><value>two</value></data></array>", "<array><data/></array>",
                "<struct><member><name>a</name><value><struct/></value></member></struct>"}));
  REQUIRE(call.has_value());
  CHECK(call->method == "do.it");
  CHECK(boost::json::value(call->args) ==
        boost::json::parse(
            "[-7,8589934592,true,2.5,null,\"plain & 中\",\"\",\"20261121T09:00:00\",[1,\"two\"],[],{\"a\":{}}]"));
  CHECK(xml_call("<methodCall><methodName>version</methodName></methodCall>").has_value());
}

TEST_CASE("what is not an XML-RPC call is not read as one") {
  for (
      const char* wrong :
      {"", "hello", "{\"jsonrpc\":\"2.0\"}", "<methodCall>", "<methodCall><methodName>a</methodName></methodCall>x",
       "<methodCall><methodName>a</methodName><params><param></param></params></methodCall>",
       "<methodCall><methodName>a</methodName><params><param><value><int>x</int></value></param></params></methodCall>",
       "<methodCall><methodName>a</methodName><params><param><value><odd>1</odd></value></param></params></methodCall>",
       "<methodCall><methodName>&unknown;</methodName></methodCall>"}) {
    INFO(wrong);
    CHECK_FALSE(xml_call(wrong).has_value());
  }
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<value><array><data>";
  CHECK_FALSE(xml_call("<methodCall><methodName>a</methodName><params><param>" + deep).has_value());
}

TEST_CASE("Odoo answers XML-RPC at its old and its newer address") {
  Odoo odoo;
  for (const std::string root : {"/xmlrpc/", "/xmlrpc/2/"}) {
    INFO(root);
    CHECK(has(odoo.send("POST", root + "common", method_call("version", {})), "<name>server_version</name>"));
    CHECK(odoo.call.operation == "health");
    CHECK(has(odoo.send("POST", root + "db", method_call("list", {})), text("sandbox")));
    const std::string uid = "<int>" + std::to_string(odoo.company.api_user()) + "</int>";
    CHECK(has(
        odoo.send("POST", root + "common",
                  method_call("login", {text("sandbox"), text("monitor@example.com"), text("sandbox-client-secret")})),
        uid));
    CHECK(odoo.call.operation == "token");
    const auto leads = odoo.send(
        "POST", root + "object",
        method_call("execute_kw", {text("sandbox"), uid, text("pat-na1-sandbox"), text("crm.lead"), text("search_read"),
                                   "<array><data><value><array><data/></array></value></data></array>",
                                   "<struct><member><name>limit</name><value><int>1</int></value></member></struct>"}));
    CHECK(has(leads, "<name>expected_revenue</name>"));
    CHECK(odoo.call.operation == "query");
    CHECK(odoo.call.counted);
  }
  CHECK(odoo.send("POST", "/xmlrpc/2/common", "hello").status == 400);
}

TEST_CASE("Odoo's faults are numbers at the newer address, and names at the old one") {
  Odoo odoo;
  const std::string uid = "<int>" + std::to_string(odoo.company.api_user()) + "</int>";
  const auto fault = [&](const std::string& root, const std::string& password, const std::string& model,
                         const std::string& method, const std::string& args) {
    return odoo.send(
        "POST", root + "object",
        method_call("execute_kw", {text("sandbox"), uid, text(password), text(model), text(method), args}));
  };
  const std::string none = "<array><data/></array>";
  const std::string missing =
      "<array><data><value><array><data><value><int>99999999</int></value></data></array></value></data></array>";
  const std::string code = "<name>faultCode</name><value>";
  CHECK(has(fault("/xmlrpc/2/", "wrong", "crm.lead", "search_count", none), code + "<int>3</int>"));
  CHECK(has(fault("/xmlrpc/2/", "pat-na1-sandbox", "crm.lead", "read", missing), code + "<int>2</int>"));
  CHECK(has(fault("/xmlrpc/2/", "pat-na1-sandbox", "crm.lead", "explode", none), code + "<int>1</int>"));
  CHECK(has(fault("/xmlrpc/", "wrong", "crm.lead", "search_count", none), code + "<string>AccessDenied</string>"));
  CHECK(has(fault("/xmlrpc/", "pat-na1-sandbox", "crm.lead", "read", missing),
            code + "<string>warning -- MissingError\n\nRecord does not exist"));
}
