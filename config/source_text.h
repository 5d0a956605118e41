#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "config/findings.h"

namespace rayctl {

/// A file's text with its lines, to turn a parser's marks into places for people. Refers to the
/// text, which must outlive it.
class SourceText {
 public:
  SourceText(std::string_view text, std::string file);

  /// The place of the value or key at `line` and `byte` (both from 0) that reads `value`. An anchor
  /// or tag before it is skipped; the length is that of its part on this line.
  Source place(int line, int byte, std::string_view value) const;
  /// False, with a finding, if the text is not UTF-8 or holds control characters.
  bool check_encoding(Findings& findings) const;
  /// False, with a finding, if a line has so many commas that yaml-cpp, which takes quadratic time
  /// in the items of a one-line list, would need minutes.
  bool check_lines(Findings& findings) const;
  /// True unless a quote opens there and nothing closes it; yaml-cpp takes such a text to the end
  /// of the file without a word.
  bool quote_closes(int line, int byte) const;
  /// Adds what the parser's `message` means at that place.
  void explain(int line, int byte, const std::string& message, Findings& findings) const;

 private:
  std::string_view line_text(int line) const;
  /// The byte at which the value begins, behind its anchor and tag.
  std::size_t value_start(std::string_view line, int byte) const;

  std::string_view text_;
  std::string file_;
  std::vector<std::size_t> line_starts_;
};

}  // namespace rayctl
