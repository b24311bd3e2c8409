#include "config/node.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <unordered_map>

#include "core/loop_thread.h"
#include "core/text/utf8.h"

namespace crmpulse::config {
namespace {

constexpr std::size_t kReadBytes = 16UL * 1024;

/// yaml-cpp counts lines from 0, and gives -1 when it does not know.
int line_of(const YAML::Mark& mark) {
  return mark.line + 1;
}

/// Ends the parse at once: going on would cost memory or make no sense. Stays inside this file.
struct Refusal {
  int line;
  std::string message;
};

/// Builds the tree from the parser's events. yaml-cpp's own tree keeps neither the places of keys nor the fact that
/// an alias is a copy, and its loader for several documents eats all memory on malformed files.
class Builder : public YAML::EventHandler {
 public:
  Builder(const std::string& file, Problems& problems) : file_(file), problems_(problems) {}

  Node take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (started_) throw Refusal{line_of(mark), "a second document begins here; a file holds one"};
    started_ = true;
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node node;
    node.line = line_of(mark);
    add(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) throw Refusal{line_of(mark), "an alias stands inside the value it names"};
    count(found->second.size, line_of(mark));
    attach(found->second.node, line_of(mark));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node node;
    node.kind = Node::Kind::scalar;
    node.line = line_of(mark);
    node.scalar = value;
    node.quoted = tag != "?" && !tag.empty();
    if (tag != "tag:yaml.org,2002:str") check_tag(tag, node.line);
    add(std::move(node), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Node::Kind::sequence, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Node::Kind::mapping, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Key {
    std::string text;
    int line = 0;
    bool usable = true;
  };
  struct Frame {
    Node node;
    YAML::anchor_t anchor = 0;
    std::size_t nodes_before = 0;
    std::optional<Key> key;  ///< of a mapping: read, its value not yet
    std::unordered_map<std::string, int> key_lines;
  };
  struct Anchored {
    Node node;
    std::size_t size;  ///< nodes in it
  };

  void problem(int line, std::string message) { problems_.push_back({file_, line, "", std::move(message)}); }

  void check_tag(const std::string& tag, int line) {
    if (tag.empty() || tag == "?" || tag == "!") return;
    problem(line, fmt::format("tags are not supported (here '{}')", tag));
  }

  void count(std::size_t more, int line) {
    nodes_ += more;
    if (nodes_ > kMaxDocumentNodes)
      throw Refusal{line, fmt::format("more than {} values, aliases counted", kMaxDocumentNodes)};
  }

  void open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (frames_.size() >= kMaxDocumentDepth)
      throw Refusal{line_of(mark), fmt::format("nested more than {} levels deep", kMaxDocumentDepth)};
    check_tag(tag, line_of(mark));
    Frame frame;
    frame.node.kind = kind;
    frame.node.line = line_of(mark);
    frame.anchor = anchor;
    frame.nodes_before = nodes_;
    frames_.push_back(std::move(frame));
  }

  void close() {
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    count(1, frame.node.line);
    remember(frame.anchor, frame.node, nodes_ - frame.nodes_before);
    const int line = frame.node.line;
    attach(std::move(frame.node), line);
  }

  void add(Node node, YAML::anchor_t anchor) {
    count(1, node.line);
    remember(anchor, node, 1);
    const int line = node.line;
    attach(std::move(node), line);
  }

  void remember(YAML::anchor_t anchor, const Node& node, std::size_t size) {
    if (anchor == 0) return;
    count(size, node.line);
    anchors_.insert_or_assign(anchor, Anchored{node, size});
  }

  /// `line` is where it stands, which for an alias is not where it is written out.
  void attach(Node node, int line) {
    node.key_line = 0;
    if (frames_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& parent = frames_.back();
    if (parent.node.kind == Node::Kind::sequence) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.key) {
      parent.key = key_from(parent, node, line);
    } else {
      node.key_line = parent.key->line;
      if (node.kind == Node::Kind::null) node.line = node.key_line;  // the parser gives the next token's place
      if (parent.key->usable) parent.node.members.emplace_back(std::move(parent.key->text), std::move(node));
      parent.key.reset();
    }
  }

  Key key_from(Frame& mapping, const Node& node, int line) {
    if (node.kind != Node::Kind::scalar && node.kind != Node::Kind::null) {
      problem(line, "a key must be text");
      return Key{"", line, false};
    }
    // As a key `null` is a word like any other (recipes have it); YAML alone sees a value in it.
    const std::string text = node.kind == Node::Kind::null ? "null" : node.scalar;
    if (text == "<<" && !node.quoted) {
      problem(line, "merge keys (<<) are not supported; write the keys out");
      return Key{"", line, false};
    }
    const auto [first, is_new] = mapping.key_lines.emplace(text, line);
    if (!is_new) problem(line, fmt::format("duplicate key '{}', already in line {}", text, first->second));
    return Key{text, line, is_new};
  }

  const std::string& file_;
  Problems& problems_;
  Node root_;
  std::vector<Frame> frames_;
  std::map<YAML::anchor_t, Anchored> anchors_;
  std::size_t nodes_ = 0;
  bool started_ = false;
};

std::optional<Refusal> text_refusal(std::string_view text) {
  if (text.size() > kMaxDocumentBytes)
    return Refusal{0, fmt::format("larger than {} MiB", kMaxDocumentBytes / (1024 * 1024))};
  int line = 1;
  for (std::size_t position = 0; position < text.size();) {
    const std::size_t length = utf8::at(text, position).length;
    if (length == 0) return Refusal{line, "not UTF-8 text"};
    if (text[position] == '\0') return Refusal{line, "a NUL byte; this is not a text file"};
    if (text[position] == '\n') ++line;
    position += length;
  }
  return std::nullopt;
}

/// Does a tab stand where the line's indentation is, before or behind the dashes of a list?
bool has_tab_indentation(std::string_view text, int line) {
  std::size_t start = 0;
  for (int i = 1; i < line && start != std::string_view::npos; ++i) {
    start = text.find('\n', start);
    if (start != std::string_view::npos) ++start;
  }
  if (line < 1 || start == std::string_view::npos) return false;
  const std::string_view rest = text.substr(start, text.find('\n', start) - start);
  return rest.substr(0, rest.find_first_not_of(" -\t")).find('\t') != std::string_view::npos;
}

/// What it usually was, where the parser's words do not say what to write; else empty.
std::string_view remedy_of(std::string_view message) {
  if (message == YAML::ErrorMsg::END_OF_SEQ || message == YAML::ErrorMsg::END_OF_MAP)
    return ": this line is indented by more or less than those it belongs to; the dashes of one list, and the keys of "
           "one entry, begin in the same column";
  if (message == YAML::ErrorMsg::MAP_VALUE)
    return ": a text with ': ' in it needs quotes, or a | and lines of its own, all indented deeper than the key";
  return {};
}

/// The parser's own words, or better ones for what it puts badly.
Problem problem_of(const YAML::Exception& error, std::string_view text, const std::string& file) {
  const int line = line_of(error.mark);
  // It names the line behind now and then.
  for (const int suspect : {line, line - 1}) {
    if (has_tab_indentation(text, suspect))
      return {file, suspect, "", "not YAML: there is a tab in the indentation; YAML is indented with blanks only"};
  }
  const std::string what = error.msg == YAML::ErrorMsg::EOF_IN_SCALAR ? "a quote is never closed" : error.msg;
  return {file, line, "", fmt::format("not YAML: {}{}", what, remedy_of(error.msg))};
}

}  // namespace

boost::system::result<Document, Problems> load_text(std::string_view text, const std::string& file) {
  if (const auto refusal = text_refusal(text)) return Problems{{file, refusal->line, "", refusal->message}};
  Problems problems;
  Document document;
  document.file = file;
  Builder builder{file, problems};
  try {
    // yaml-cpp takes a quote that is never closed as closed at the last newline; a comment without one shows it.
    std::istringstream stream{std::string{text} + "\n#"};
    YAML::Parser parser{stream};
    if (parser.HandleNextDocument(builder)) parser.HandleNextDocument(builder);  // the builder refuses a second one
  } catch (const Refusal& refusal) {
    problems.push_back({file, refusal.line, "", refusal.message});
  } catch (const YAML::Exception& error) {
    problems.push_back(problem_of(error, text, file));
  }
  if (!problems.empty()) return problems;
  document.root = builder.take();
  return document;
}

boost::system::result<Document, Problems> load_configuration_file(const std::string& file) {
  auto document = load_file(file);
  if (document && document->root.kind == Node::Kind::null) {
    return Problems{{file, 0, "", "holds no settings: it is empty or all comments; write {} when that is meant"}};
  }
  return document;
}

boost::system::result<Document, Problems> load_file(const std::string& file) {
  CRMPULSE_OFF_LOOP();
  errno = 0;
  std::ifstream stream{file, std::ios::binary};
  // Piece by piece: a string of the largest size there may be would stay in the process's heap for good.
  std::string text;
  std::array<char, kReadBytes> piece{};
  while (stream && text.size() <= kMaxDocumentBytes) {
    stream.read(piece.data(), piece.size());
    text.append(piece.data(), static_cast<std::size_t>(stream.gcount()));
  }
  if (!stream.is_open() || stream.bad() || (text.empty() && errno != 0)) {
    const int reason = errno;
    return Problems{
        {file, 0, "", fmt::format("cannot be read: {}", reason != 0 ? std::strerror(reason) : "unknown reason")}};
  }
  return load_text(text, file);
}

}  // namespace crmpulse::config

namespace crmpulse {

void throw_exception_from_error(const Problems& problems, const boost::source_location&) {
  throw std::runtime_error(to_string(problems));
}

}  // namespace crmpulse
