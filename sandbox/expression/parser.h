#pragma once
// Reads comparisons that are joined by and, or, not and brackets (a Pratt parser); a language adds its grammar and how
// one comparison is read. Whatever is wrong is thrown as a Refusal.

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/text/ascii.h"
#include "sandbox/company/query.h"
#include "sandbox/expression/lexer.h"

namespace crmpulse::sandbox::expression {

/// A word between two operands. What has more power is joined first.
struct Joint {
  std::string_view word;
  int power = 0;
  Condition::Kind kind = Condition::Kind::all;
};

/// Which joints may follow each other without brackets: any by their power, only the same one, or none.
enum class Mixing { any, alike, pairs };

struct Grammar {
  std::span<const Joint> joints;
  std::string_view negation = {};  ///< before an operand; empty: there is none
  Mixing mixing = Mixing::any;
  int deepest = 50;  ///< operands within operands
};

/// The tokens of one text, from left to right.
class Reader {
 public:
  Reader(std::string_view text, const Lexicon& lexicon)
      : text_(text), tokens_(tokens_of(text, lexicon)), ignores_case_(lexicon.ignores_case) {}
  virtual ~Reader() = default;

  [[nodiscard]] const Token& peek() const { return tokens_[at_]; }
  [[nodiscard]] bool at_end() const { return peek().kind == Token::Kind::end; }
  /// Returns the next token and passes over it; the end stays.
  Token take() { return at_end() ? tokens_[at_] : tokens_[at_++]; }
  [[nodiscard]] bool is(std::string_view word) const {
    const Token::Kind kind = peek().kind;
    if (kind != Token::Kind::word && kind != Token::Kind::symbol) return false;
    return ignores_case_ ? ascii::same_without_case(peek().text, word) : peek().text == word;
  }
  bool skip(std::string_view word) {
    const bool found = is(word);
    if (found) ++at_;
    return found;
  }
  void expect(std::string_view word) {
    if (!skip(word)) refuse_missing(word);
  }
  /// Returns the text as it was written up to the next such word, or the end, and passes over it.
  std::string_view text_until(std::string_view word) {
    const std::size_t begin = peek().at;
    while (!at_end() && !is(word)) ++at_;
    return text_.substr(begin, peek().at - begin);
  }
  [[nodiscard]] std::string_view rest() const { return text_.substr(peek().at); }

 protected:
  /// `word`: what should stand here; empty: this joint may not follow the one before it.
  [[noreturn]] virtual void refuse_missing(std::string_view word) const = 0;

 private:
  std::string_view text_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  bool ignores_case_;
};

/// `Node` is a Condition, or has its `kind` and `children`.
template <class Node>
class Parser : public Reader {
 public:
  Parser(std::string_view text, const Lexicon& lexicon, const Grammar& grammar)
      : Reader(text, lexicon), grammar_(grammar) {}

  /// Reads operands and the joints between them, as far as these have at least that power.
  Node expression(int least_power = 0) {
    Node left = operand();
    const Joint* last = nullptr;
    while (const Joint* joint = joint_here(least_power)) {
      if (last != nullptr && (grammar_.mixing == Mixing::pairs || (grammar_.mixing == Mixing::alike && joint != last)))
        refuse_missing({});
      take();
      Node right = expression(joint->power + 1);
      if (joint != last) left = group(joint->kind, std::move(left));
      left.children.push_back(std::move(right));
      last = joint;
    }
    return left;
  }

 protected:
  virtual Node comparison() = 0;
  [[noreturn]] virtual void refuse_depth() const = 0;

  /// Counts a level within which more of the text is read.
  void enter() {
    if (++depth_ > grammar_.deepest) refuse_depth();
  }
  void leave() { --depth_; }

  Node operand() {
    enter();
    Node node;
    if (!grammar_.negation.empty() && skip(grammar_.negation)) {
      node = group(Condition::Kind::none, operand());
    } else if (skip("(")) {
      node = expression();
      expect(")");
    } else {
      node = comparison();
    }
    leave();
    return node;
  }

 private:
  [[nodiscard]] const Joint* joint_here(int least_power) const {
    for (const Joint& joint : grammar_.joints) {
      if (joint.power >= least_power && is(joint.word)) return &joint;
    }
    return nullptr;
  }
  static Node group(Condition::Kind kind, Node child) {
    Node node;
    node.kind = kind;
    node.children.push_back(std::move(child));
    return node;
  }

  const Grammar& grammar_;
  int depth_ = 0;
};

}  // namespace crmpulse::sandbox::expression
