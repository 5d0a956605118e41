#pragma once
#include <bitset>
#include <string>
#include <string_view>
#include <vector>

namespace rayctl {

/// Patterns that leave files out of a mount, in one of two dialects:
/// - gitignore (gitignore(5)): the last rule that matches decides, "!" takes a file back in, a
///   slash at the beginning or in the middle anchors a rule to the folder of its file;
/// - rsync's exclude (rsync(1), PATTERN MATCHING RULES): only a leading slash anchors, "**" crosses
///   folders anywhere, "dir/***" is the folder with all that is in it, and there is no "!".
/// In both, a trailing slash makes a rule match folders only, and what lies in a folder that is
/// left out is never looked at. A file is matched in linear time, whatever the pattern.
class IgnoreRules {
 public:
  static IgnoreRules gitignore(std::string_view text);
  static IgnoreRules rsync(const std::vector<std::string>& patterns);

  enum class Verdict { kNone, kIgnore, kKeep };
  /// `path` is relative to the folder of the rules, with "/" between names.
  Verdict match(std::string_view path, bool is_folder) const;
  bool empty() const { return rules_.empty(); }

 private:
  // One step of a pattern. kFolders is ".../" or nothing, and has a second state for "inside a
  // name", which must be left by a slash.
  struct Token {
    enum class Kind { kChar, kAny, kSet, kStar, kGlobStar, kFolders, kInFolder } kind = Kind::kChar;
    char c = 0;
    std::bitset<256> set;
  };
  struct Rule {
    std::vector<Token> tokens;
    bool keep = false, folders_only = false;
  };
  static std::vector<Token> tokens_of(std::string_view pattern, bool git);
  static std::size_t add_set(std::string_view pattern, std::size_t at, std::vector<Token>& tokens);
  static bool matches(const std::vector<Token>& tokens, std::string_view path);

  std::vector<Rule> rules_;
};

}  // namespace rayctl
