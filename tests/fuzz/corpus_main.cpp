// Runs a target over every file of the folders and files it is given, and over cut and changed copies of each: what
// libFuzzer does in its first seconds, for builds without it. Ends with the number of inputs; none is a failure.

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "tests/fuzz/fuzz_target.h"

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files_in(const fs::path& place) {
  if (fs::is_regular_file(place)) return {place};
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(place)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  return files;
}

void feed(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

/// Always the same changes for the same input.
std::size_t feed_variants(const std::string& input) {
  constexpr int kVariants = 8;
  std::minstd_rand random{static_cast<unsigned>(input.size() + 1)};
  for (int i = 0; i < kVariants && !input.empty(); ++i) {
    std::string changed = input;
    if (i % 2 == 0) changed.resize(random() % changed.size());
    for (int hits = 1 + i / 2; hits > 0 && !changed.empty(); --hits)
      changed[random() % changed.size()] = static_cast<char>(random());
    feed(changed);
  }
  return input.empty() ? 1 : kVariants + 1;
}

}  // namespace

int main(int count, char** arguments) {
  std::size_t inputs = 0;
  for (int i = 1; i < count; ++i) {
    for (const fs::path& file : files_in(arguments[i])) {
      std::ifstream stream{file, std::ios::binary};
      const std::string input{std::istreambuf_iterator<char>{stream}, {}};
      feed(input);
      inputs += feed_variants(input);
    }
  }
  std::printf("%zu inputs\n", inputs);
  return inputs > 0 ? 0 : 1;
}
