#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>

#include <cstdio>
#include <fstream>
#include <iterator>

#include "config/unknown_word.h"
#include "core/log.h"
#include "core/time/clock.h"
#include "core/version.h"
#include "core/version/version_flag.h"
#include "sandbox/credentials.h"
#include "sandbox/host/demo_host.h"
#include "sandbox/host/vendor_host.h"
#include "sandbox/libraries.h"
#include "sandbox/scenario.h"
#include "sandbox/watch/watch.h"

namespace {

using namespace crmpulse;

struct RunArguments {
  std::string listen = "127.0.0.1:9470";
  std::string scenario;
  std::string credentials;
  std::string tls_cert;
  std::string tls_key;
  std::string dir;
  std::string schema;
  std::vector<std::string> crms;  ///< NAME or NAME=FAULT
};

/// Returns the host of the sample CRMs, null without --crm.
Result<std::unique_ptr<sandbox::DemoHost>> open_demo(const RunArguments& arguments, net::Loop& loop,
                                                     const Clock& clock) {
  if (arguments.crms.empty()) return std::unique_ptr<sandbox::DemoHost>{};
  if (arguments.dir.empty()) return Error{"give --dir, the folder for the files of the sample CRMs"};
  std::ifstream file{arguments.schema};
  if (!file)
    return Error{fmt::format("cannot read '{}': name the schema of the sample CRM with --schema", arguments.schema)};
  sandbox::Options options;
  options.dir = arguments.dir;
  options.schema.assign(std::istreambuf_iterator<char>{file}, {});
  for (const std::string& crm : arguments.crms) {
    const std::size_t equals = crm.find('=');
    const auto fault = equals == std::string::npos ? sandbox::Fault::none : sandbox::fault_from(crm.substr(equals + 1));
    if (!fault)
      return Error{fmt::format("'{}': the fault must be one of none, slow, very_slow, stale, down, dirty", crm)};
    options.crms.emplace_back(crm.substr(0, equals), *fault);
  }
  return sandbox::DemoHost::open(loop, clock, std::move(options));
}

Result<sandbox::VendorHostOptions> host_options(const RunArguments& arguments) {
  sandbox::VendorHostOptions options;
  options.lived = std::chrono::minutes{1};  // what changes every few seconds has done so before it is asked
  options.tls = !arguments.tls_cert.empty();
  if (options.tls == arguments.tls_key.empty()) return Error{"--tls-cert and --tls-key belong together"};
  if (arguments.credentials.empty()) return options;
  auto credentials = sandbox::write_credentials(arguments.credentials);
  if (!credentials) return credentials.error();
  options.credentials = std::move(credentials.value());
  return options;
}

Result<net::ServerOptions> server_options(const RunArguments& arguments) {
  const auto endpoint = net::parse_endpoint(arguments.listen);
  if (!endpoint) return endpoint.error();
  if (!net::is_loopback(endpoint.value())) return Error{"the sandbox listens on loopback only"};
  net::ServerOptions options;
  options.address = endpoint.value().address;
  options.port = endpoint.value().port;
  options.max_header_bytes = 64 * 1024;  // SOQL stands in the URL
  if (!arguments.tls_cert.empty()) options.tls = net::TlsFiles{arguments.tls_cert, arguments.tls_key, {}};
  return options;
}

/// Steps that are over before the loop runs are done at once.
std::vector<net::Loop::Timer> play(const sandbox::Scenario& scenario, net::Loop& loop, sandbox::VendorHost& host) {
  std::vector<net::Loop::Timer> timers;
  for (const sandbox::Scenario::Step& step : scenario.steps) {
    timers.push_back(loop.after(step.at, [&host, step] {
      if (const auto done = host.set_fault(step.rule); !done)
        return log::warning("a step of the scenario failed", {{"error", done.error().message}});
      log::info("scenario", {{"at", format_duration(step.at)},
                             {"crm", step.rule.crm},
                             {"fault", step.rule.fault},
                             {"operation", step.rule.operation}});
    }));
  }
  return timers;
}

Result<sandbox::Scenario> scenario_from(const std::string& file, const std::vector<std::string>& crms) {
  if (file.empty()) return sandbox::Scenario{};
  auto scenario = sandbox::load_scenario(file, crms);
  if (!scenario) return Error{to_string(scenario.error())};
  return std::move(scenario.value());
}

Result<void> run(const RunArguments& arguments) {
  const auto listen = server_options(arguments);
  if (!listen) return listen.error();
  const auto options = host_options(arguments);
  if (!options) return options.error();
  net::Loop loop;
  const SystemClock clock;
  const auto demo = open_demo(arguments, loop, clock);
  if (!demo) return demo.error();
  sandbox::VendorHost host{loop, clock, options.value(), sandbox::make_vendor_apis(), demo.value().get()};
  const auto scenario = scenario_from(arguments.scenario, host.names());
  if (!scenario) return scenario.error();
  auto server = net::HttpServer::listen(
      loop, listen.value(),
      [&](net::HttpRequest request, const net::Respond& respond) { host.handle(std::move(request), respond); });
  if (!server) return server.error();
  log::info("sandbox is up", {{"listen", fmt::format("{}:{}", listen.value().address, server.value()->port())},
                              {"crms", fmt::format("{}", fmt::join(host.names(), " "))}});
  const auto timers = play(scenario.value(), loop, host);
  loop.on_stop([&] { server.value()->stop(std::chrono::seconds{1}, [&] { loop.stop(); }); });
  loop.run();
  return {};
}

constexpr std::string_view kPaths = R"(
The vendor APIs, all at the same address and each over a company of its own:
  salesforce  /services/oauth2/…  /services/data/vXX.0/…  /v1/instances/…   (also /_status/salesforce/v1/…)
  hubspot     /crm/…  /oauth/…  /account-info/…  /settings/…
  zoho        /oauth/v2/token  /crm/v7/…
  dynamics    /{tenant}/oauth2/v2.0/token  /api/data/v9.2/…
  pipedrive   /api/v2/…  /v1/…
and what people run themselves: odoo, espocrm, suitecrm.
Faults:  curl -d '{"crm":"salesforce","fault":"slow","seconds":3}' http://127.0.0.1:9470/_sandbox/faults
Calls:   curl http://127.0.0.1:9470/_sandbox/requests?crm=salesforce
docs/sandbox.md has the credentials, the faults and examples.)";

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"A stand-in for the vendors' APIs, with faults to rehearse", "crmpulse-sandbox"};
  add_version_flag(app, std::string{kVersion}, sandbox::kLibraries);
  app.require_subcommand(1);
  std::string level = "info";
  std::string format = "text";
  app.add_option("--log-level", level, "debug, info, warning or error")->capture_default_str();
  app.add_option("--log-format", format, "text or json")->capture_default_str();

  RunArguments arguments;
  CLI::App* run_command = app.add_subcommand("run", "serve simulated CRMs and their faults");
  run_command->footer(std::string{kPaths});
  run_command->add_option("--listen", arguments.listen, "address and port (loopback)")->capture_default_str();
  run_command->add_option("--scenario", arguments.scenario, "an incident to replay: faults and when each comes");
  run_command->add_option("--credentials", arguments.credentials, "where keys and secrets for agents are written");
  run_command->add_option("--tls-cert", arguments.tls_cert, "serve https with this certificate");
  run_command->add_option("--tls-key", arguments.tls_key, "key of that certificate");
  run_command->add_option("--crm", arguments.crms, "a sample CRM in SQLite: NAME or NAME=FAULT; may be repeated");
  run_command->add_option("--dir", arguments.dir, "where the sample CRMs' files go");
  run_command->add_option("--schema", arguments.schema, "the sample CRMs' schema (sample-crm.sql)");

  sandbox::WatchOptions watch_options;
  CLI::App* watch_command = app.add_subcommand("watch", "show the states as they change");
  watch_command->add_option("--collector", watch_options.collector, "the collector's address")->required();
  watch_command->add_option("--sandbox", watch_options.sandbox, "the sandbox's address");
  watch_command->add_option("--language", watch_options.language, "en or zh")
      ->check(CLI::IsMember({"en", "zh"}))
      ->capture_default_str();

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (const std::string unknown = config::unknown_word(app); !unknown.empty() && error.get_exit_code() != 0) {
      fmt::print(stderr, "crmpulse-sandbox: {}\nRun with --help for more information.\n", unknown);
      return 2;
    }
    return app.exit(error) == 0 ? 0 : 2;
  }
  try {
    log::configure(log::level_from(level).value(), log::format_from(format).value());
    const auto done = run_command->parsed() ? run(arguments) : sandbox::watch(watch_options);
    if (done) return 0;
    fmt::print(stderr, "crmpulse-sandbox: {}\n", done.error().message);
  } catch (const std::exception& error) {
    fmt::print(stderr, "crmpulse-sandbox: {}\n", error.what());
  }
  return 1;
}
