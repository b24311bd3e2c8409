#pragma once
// Reading one mapping of a document into a struct, collecting every problem with its line and path.
//
//   Reader reader{document.root, "", problems, document.file};
//   reader.get("interval", interval);                 // optional: keeps the default
//   reader.require("name", name);                     // problem when absent
//   for (Reader item : reader.each("crms")) …         // a sequence of mappings
//   reader.finish();                                  // unknown keys become problems, with the nearest known key
//
// A mapping with free keys (names a user chooses) is read with keys() and raw() or child(); finish() is not called on
// it. Nodes and the file's name must outlive the reader.
//
// The struct, its defaults and its reading stand beside the consumer; only the mechanism is here.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/node.h"
#include "config/secret_source.h"
#include "core/secret.h"
#include "core/time/time.h"

namespace crmpulse::config {

/// Shared by the readers of one document (or of several files of one configuration).
class Reader {
 public:
  /// `node` must be a mapping (or null, read as an empty one); anything else is a problem and reads as empty.
  Reader(const Node& node, std::string path, const std::string& file, Problems& problems);

  // Typed values. Absent: false and `out` untouched. Wrong type or out of range: a problem, false.
  bool get(std::string_view key, std::string& out);
  bool get(std::string_view key, bool& out);  ///< true, false
  bool get(std::string_view key, int& out, int min, int max);
  bool get(std::string_view key, double& out, double min, double max);  ///< finite; `0.9`, `5%` reads as 0.05
  bool get(std::string_view key, Duration& out, Duration min, Duration max);
  bool get_bytes(std::string_view key, std::uint64_t& out, std::uint64_t min,
                 std::uint64_t max);                              ///< `64KiB`, `512MiB`
  bool get(std::string_view key, std::vector<std::string>& out);  ///< a sequence of scalars, or one scalar
  /// The scalar must be one of `choices`; gives its index.
  bool get_choice(std::string_view key, std::size_t& out, const std::vector<std::string_view>& choices);

  /// A path: absolute as it is, a relative one from the directory of this document.
  bool get_path(std::string_view key, std::string& out);

  /// Like get(), but an absent key is a problem.
  template <class... Args>
  bool require(std::string_view key, Args&&... args) {
    if (has(key)) return get(key, std::forward<Args>(args)...);
    missing(key);
    return false;
  }

  /// A secret from exactly one of `KEY` (refused outside tests and demos when `allow_inline` is false), `KEY_file`,
  /// `KEY_dpapi_file` (on Windows: what `crmpulse-agent protect` wrote), `KEY_env`, or `KEY_credential` (a name:
  /// secret_source.h says where it lies). White space behind it is dropped; what its form does not allow inside is a
  /// problem, as are a missing or empty file and an unset variable. A file others may read: a warning in the log.
  /// Absent: false. Files are relative to the directory of this document.
  bool get_secret(std::string_view key, Secret& out, bool allow_inline = false) {
    return get_secret(key, out, SecretForm::token, allow_inline);
  }
  bool get_secret(std::string_view key, Secret& out, SecretForm form, bool allow_inline = false);
  bool require_secret(std::string_view key, Secret& out, bool allow_inline = false) {
    return require_secret(key, out, SecretForm::token, allow_inline);
  }
  bool require_secret(std::string_view key, Secret& out, SecretForm form, bool allow_inline = false);
  /// The path of a secret that a library reads by itself (the key of a certificate), from `KEY_file` or
  /// `KEY_credential`. There must be a file. Absent: false.
  bool get_secret_path(std::string_view key, std::string& out);

  [[nodiscard]] bool has(std::string_view key) const;
  /// The raw value, marked as known; nullptr when absent.
  const Node* raw(std::string_view key);
  /// A nested mapping; when absent an empty one (nothing in it is required then unless asked for).
  Reader child(std::string_view key);
  /// Returns a sequence of mappings, empty if the key is absent. A key without a value is a problem.
  std::vector<Reader> each(std::string_view key);
  /// Keys in the file's order.
  [[nodiscard]] std::vector<std::string> keys() const;

  /// Reads another node of the same document (an item of raw()); `step` is its way from here: `where`, `steps[2]`.
  [[nodiscard]] Reader reader_for(const Node& node, std::string_view step) const;

  /// A problem at this mapping, at one of its keys (its line is the key's or the value's), or "required".
  void problem(std::string message);
  void problem(std::string_view key, std::string message);
  void problem_at(const Node& node, std::string_view step, std::string message);
  void missing(std::string_view key);
  /// Returns the number of problems of the whole configuration so far. Compare before and after to see whether a part
  /// was read without any.
  [[nodiscard]] std::size_t problem_count() const { return problems_->size(); }

  /// Reports the keys nobody asked for. Call it once, when all known keys have been asked for.
  void finish();

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::string& file() const { return *file_; }
  [[nodiscard]] int line() const { return line_; }
  [[nodiscard]] const Node& node() const { return *node_; }

 private:
  [[nodiscard]] const Node* look(std::string_view key) const;
  const Node* find(std::string_view key);    ///< marks the key as known
  const Node* scalar(std::string_view key);  ///< find(); anything but a scalar is a problem
  [[nodiscard]] std::string path_of(std::string_view key) const;
  [[nodiscard]] std::string folder() const;  ///< of this document

  const Node* node_;
  int line_;
  std::string path_;
  const std::string* file_;
  Problems* problems_;
  std::vector<std::string> known_;
  mutable std::vector<std::string> looked_for_;  ///< by has(): for the list of known keys
};

/// Parses one scalar the way Reader does; for callers that read maps with free keys. Finite numbers only.
[[nodiscard]] Result<double> parse_number(std::string_view text);
[[nodiscard]] Result<std::uint64_t> parse_bytes(std::string_view text);

}  // namespace crmpulse::config
