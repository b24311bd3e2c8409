#pragma once
#include <CLI/CLI.hpp>
#include <span>
#include <string>

#include "core/version/library.h"

namespace crmpulse {

/// --version prints `line`; with --verbose the libraries follow it.
void add_version_flag(CLI::App& app, std::string line, std::span<const Library> libraries);

}  // namespace crmpulse
