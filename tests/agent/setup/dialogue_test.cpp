#include "agent/setup/dialogue.h"

#include <catch2/catch.hpp>

#include <deque>
#include <sstream>

using namespace crmpulse;
using namespace crmpulse::agent::setup;

namespace {

/// A person who types these lines, or nobody.
class Typed final : public Terminal {
 public:
  explicit Typed(std::deque<std::string> lines, bool there = true) : lines_(std::move(lines)), there_(there) {}
  [[nodiscard]] bool is_interactive() const override { return there_; }
  [[nodiscard]] std::optional<std::string> line() override {
    if (lines_.empty()) return std::nullopt;
    std::string line = lines_.front();
    lines_.pop_front();
    return line;
  }
  [[nodiscard]] std::optional<std::string> hidden_line() override { return line(); }

 private:
  std::deque<std::string> lines_;
  bool there_;
};

std::optional<std::string> not_x(const std::string& text) {
  return text == "x" ? std::optional<std::string>{"not x"} : std::nullopt;
}

}  // namespace

TEST_CASE("a question is asked until its answer has no fault") {
  Typed typed{{"x", "", "y"}};
  std::ostringstream out;
  Dialogue dialogue{typed, out, Language::en, false};
  CHECK(dialogue.ask("Name", std::nullopt, "--name", not_x) == "y");
  CHECK(out.str() == "Name:   not x\nName: Name: ");
}

TEST_CASE("an empty answer is what stands in brackets") {
  Typed typed{{""}};
  std::ostringstream out;
  Dialogue dialogue{typed, out, Language::en, false};
  CHECK(dialogue.ask("Name", "crm", "--name") == "crm");
  CHECK(out.str() == "Name [crm]: ");
}

TEST_CASE("where nobody can answer all options that are lacking are told") {
  Typed typed{{}, false};
  std::ostringstream out;
  Dialogue dialogue{typed, out, Language::en, false};
  CHECK(dialogue.ask("Name", "crm", "--name") == "crm");
  CHECK(dialogue.ask("Tenant", std::nullopt, "--with tenant=…").empty());
  CHECK(dialogue.ask_secret("Password", "--password-file").empty());
  CHECK_FALSE(dialogue.confirm("Write?"));
  CHECK(dialogue.missing() == std::vector<std::string>{"--with tenant=…", "--password-file", "--yes"});
  CHECK(out.str().empty());
}

TEST_CASE("consent is given by y alone, or beforehand") {
  const auto answer = [](std::deque<std::string> lines, bool yes) {
    Typed typed{std::move(lines)};
    std::ostringstream out;
    Dialogue dialogue{typed, out, Language::en, yes};
    return dialogue.confirm("Write?");
  };
  CHECK(answer({"y"}, false));
  CHECK(answer({"maybe", "是"}, false));
  CHECK_FALSE(answer({""}, false));
  CHECK_FALSE(answer({}, false));
  CHECK(answer({}, true));
}

TEST_CASE("one of several is chosen by its number") {
  Typed typed{{"0", "3", "2"}};
  std::ostringstream out;
  Dialogue dialogue{typed, out, Language::zh, false};
  CHECK(dialogue.choose("?", {"a", "b"}, "--recipe") == 1);
  CHECK(out.str().find("请输入 1 到 2 的数字") != std::string::npos);
}
