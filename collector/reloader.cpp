#include "collector/reloader.h"

#include <fmt/format.h>

#include <utility>

namespace crmpulse::collector {
namespace {

constexpr std::size_t kMostWaiting = 100;

Reloader::LoadResult load_files(const std::string& config_file) {
  auto configuration = load_configuration(config_file);
  if (!configuration) return configuration.error();
  const std::optional<net::TlsFiles>& files = (*configuration)->settings.tls;
  if (!files) return Reloader::Loaded{std::move(*configuration), nullptr};
  // Sound a moment ago, when the configuration was checked.
  auto tls = net::load_tls(*files);
  if (tls.has_value()) return Reloader::Loaded{std::move(*configuration), *tls};
  const net::TlsFault fault = tls.error();
  return Problems{{config_file, 0, "tls." + fault.key, fmt::format("{}: {}", fault.file, fault.why)}};
}

}  // namespace

void Reloader::reload(Done done) {
  if (waiting_.size() >= kMostWaiting) return refuse(done, "too many reloads are waiting: try again later");
  waiting_.push_back(std::move(done));
  if (!loading_) load();
}

void Reloader::load() {
  loading_ = true;
  manager_.reloading();
  files_.run([file = config_file_] { return load_files(file); },
             [this, asked = std::exchange(waiting_, {})](const LoadResult& result) { loaded(asked, result); });
}

void Reloader::loaded(const std::vector<Done>& asked, const LoadResult& result) {
  loading_ = false;
  const Reload outcome = apply_(result);
  manager_.ready();
  for (const Done& done : asked) done(outcome);
  if (!waiting_.empty() && !stopping_) load();
}

}  // namespace crmpulse::collector
