#pragma once
#include <prometheus/collectable.h>

#include <memory>
#include <string>
#include <vector>

namespace crmpulse::collector {

/// Everything that is collected, as Prometheus's text format 0.0.4.
class Exposition {
 public:
  void add(std::shared_ptr<const prometheus::Collectable> source) { sources_.push_back(std::move(source)); }
  [[nodiscard]] std::string text() const;
  static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

 private:
  std::vector<std::shared_ptr<const prometheus::Collectable>> sources_;
};

}  // namespace crmpulse::collector
