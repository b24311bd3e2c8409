#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <fstream>
#include <iterator>

#include "core/clock.h"
#include "core/log.h"
#include "sandbox/company.h"
#include "sandbox/watch.h"

namespace {

using namespace crmpulse;

struct RunArguments {
  std::string listen = "127.0.0.1:9470";
  std::string dir;
  std::string schema;
  std::vector<std::string> crms;  ///< NAME or NAME=FAULT
};

Result<sandbox::Options> options_from(const RunArguments& arguments) {
  std::ifstream file{arguments.schema};
  if (!file)
    return Error{fmt::format("cannot read {}: name the schema of the sample CRM with --schema", arguments.schema)};
  sandbox::Options options;
  options.dir = arguments.dir;
  options.schema.assign(std::istreambuf_iterator<char>{file}, {});
  for (const std::string& crm : arguments.crms) {
    const std::size_t equals = crm.find('=');
    const auto fault = equals == std::string::npos ? sandbox::Fault::none : sandbox::fault_from(crm.substr(equals + 1));
    if (!fault) return Error{fmt::format("'{}': the fault is one of none, slow, very_slow, stale, down, dirty", crm)};
    options.crms.emplace_back(crm.substr(0, equals), *fault);
  }
  return options;
}

Result<void> run(const RunArguments& arguments) {
  const auto endpoint = net::parse_endpoint(arguments.listen);
  if (!endpoint) return endpoint.error();
  if (!net::is_loopback(endpoint.value())) return Error{"the sandbox listens on loopback only"};
  const auto options = options_from(arguments);
  if (!options) return options.error();
  net::Loop loop;
  const SystemClock clock;
  auto company = sandbox::Company::open(loop, clock, options.value());
  if (!company) return company.error();
  net::ServerOptions server_options;
  server_options.address = endpoint.value().address;
  server_options.port = endpoint.value().port;
  auto server =
      net::HttpServer::listen(loop, server_options, [&](net::HttpRequest request, const net::Respond& respond) {
        company.value()->handle(std::move(request), respond);
      });
  if (!server) return server.error();
  log::info("sandbox is up", {{"listen", fmt::format("{}:{}", endpoint.value().address, server.value()->port())}});
  loop.on_stop([&] { server.value()->stop(std::chrono::seconds{1}, [&] { loop.stop(); }); });
  loop.run();
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"A stand-in for CRMs, with faults to rehearse", "crmpulse-sandbox"};
  app.set_version_flag("--version", CRMPULSE_VERSION);
  app.require_subcommand(1);
  std::string level = "info";
  std::string format = "text";
  app.add_option("--log-level", level, "debug, info, warning or error")->capture_default_str();
  app.add_option("--log-format", format, "text or json")->capture_default_str();

  RunArguments arguments;
  CLI::App* run_command = app.add_subcommand("run", "serve the sample CRMs and their faults");
  run_command->add_option("--listen", arguments.listen, "address and port (loopback)")->capture_default_str();
  run_command->add_option("--dir", arguments.dir, "where the sample CRMs' files go")->required();
  run_command->add_option("--schema", arguments.schema, "the sample CRM's schema (sample-crm.sql)")->required();
  run_command->add_option("--crm", arguments.crms, "NAME or NAME=FAULT; may be repeated")->required();

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
