#include "transport/ignore.h"

#include <cctype>
#include <map>
#include <utility>

#include "base/text.h"

namespace rayctl {
namespace {

// Trailing blanks are not part of a gitignore rule unless a backslash precedes them.
std::string_view without_blanks(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  while (line.ends_with(' ') && !line.ends_with("\\ "))
    line.remove_suffix(1);
  return line;
}

bool in_class(const std::string& name, int c) {
  static const std::map<std::string, int (*)(int)> classes = {
      {"alnum", std::isalnum}, {"alpha", std::isalpha}, {"blank", std::isblank},
      {"cntrl", std::iscntrl}, {"digit", std::isdigit}, {"graph", std::isgraph},
      {"lower", std::islower}, {"print", std::isprint}, {"punct", std::ispunct},
      {"space", std::isspace}, {"upper", std::isupper}, {"xdigit", std::isxdigit}};
  const auto found = classes.find(name);
  return found != classes.end() && found->second(c) != 0;
}

}  // namespace

// Reads "[...]" that begins at `at`; returns the position after it, or `at` if it never ends.
std::size_t IgnoreRules::add_set(std::string_view pattern, std::size_t at,
                                 std::vector<Token>& tokens) {
  Token token{Token::Kind::kSet, 0, {}};
  std::size_t i = at + 1;
  const bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  if (negated) ++i;
  const auto read = [&] {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
    return static_cast<unsigned char>(pattern[i++]);
  };
  for (bool first = true; i < pattern.size() && (first || pattern[i] != ']'); first = false) {
    const std::size_t end =
        pattern.substr(i).starts_with("[:") ? pattern.find(":]", i + 2) : std::string_view::npos;
    if (end != std::string_view::npos) {
      const std::string name(pattern.substr(i + 2, end - i - 2));
      for (int c = 0; c < 128; ++c) {
        if (in_class(name, c)) token.set.set(static_cast<std::size_t>(c));
      }
      i = end + 2;
      continue;
    }
    const unsigned char from = read();
    unsigned char to = from;
    if (i + 1 < pattern.size() && pattern[i] == '-' && pattern[i + 1] != ']') {
      ++i;
      to = read();
    }
    for (unsigned c = from; c <= to; ++c)
      token.set.set(c);
  }
  if (i >= pattern.size()) return at;
  if (negated) token.set.flip();
  token.set.reset('/');
  tokens.push_back(token);
  return i + 1;
}

std::vector<IgnoreRules::Token> IgnoreRules::tokens_of(std::string_view pattern, bool git) {
  using Kind = Token::Kind;
  std::vector<Token> tokens;
  const auto add = [&](Kind kind, char c = 0) { tokens.push_back({kind, c, {}}); };
  const auto add_folders = [&] {
    add(Kind::kFolders);
    add(Kind::kInFolder);
  };
  const std::size_t slash = pattern.find('/');
  const bool anchored = git ? slash != std::string_view::npos : slash == 0;
  if (slash == 0) pattern.remove_prefix(1);
  if (!anchored) add_folders();
  for (std::size_t i = 0; i < pattern.size();) {
    const char c = pattern[i];
    if (c == '*') {
      std::size_t end = i;
      while (end < pattern.size() && pattern[end] == '*')
        ++end;
      const bool begins = i == 0 || pattern[i - 1] == '/';
      if (end - i >= 2 && begins && end < pattern.size() && pattern[end] == '/' && git) {
        add_folders();
        i = end + 1;
      } else {
        const bool whole = begins && end == pattern.size();
        add(end - i >= 2 && (whole || !git) ? Kind::kGlobStar : Kind::kStar);
        i = end;
      }
    } else if (c == '[') {
      const std::size_t next = add_set(pattern, i, tokens);
      if (next == i) add(Kind::kChar, c);
      i = next == i ? i + 1 : next;
    } else if (c == '\\' && i + 1 < pattern.size()) {
      add(Kind::kChar, pattern[i + 1]);
      i += 2;
    } else {
      add(c == '?' ? Kind::kAny : Kind::kChar, c);
      ++i;
    }
  }
  return tokens;
}

// All positions in the pattern that the text read so far can have reached, at once.
bool IgnoreRules::matches(const std::vector<Token>& tokens, std::string_view path) {
  using Kind = Token::Kind;
  std::vector<char> now(tokens.size() + 1), next;
  const auto reach = [&](std::vector<char>& states, std::size_t at) {
    for (;;) {
      states[at] = 1;
      if (at == tokens.size()) return;
      const Kind kind = tokens[at].kind;
      if (kind == Kind::kFolders) {
        at += 2;
      } else if (kind == Kind::kStar || kind == Kind::kGlobStar) {
        ++at;
      } else {
        return;
      }
    }
  };
  reach(now, 0);
  for (const char c : path) {
    next.assign(tokens.size() + 1, 0);
    bool any = false;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (now[i] == 0) continue;
      const Token& token = tokens[i];
      std::size_t to = tokens.size() + 1;
      switch (token.kind) {
        case Kind::kChar:
          if (c == token.c) to = i + 1;
          break;
        case Kind::kAny:
          if (c != '/') to = i + 1;
          break;
        case Kind::kSet:
          if (token.set.test(static_cast<unsigned char>(c))) to = i + 1;
          break;
        case Kind::kStar:
          if (c != '/') to = i;
          break;
        case Kind::kGlobStar:
          to = i;
          break;
        case Kind::kFolders:
          to = c == '/' ? i : i + 1;
          break;
        case Kind::kInFolder:
          to = c == '/' ? i - 1 : i;
          break;
      }
      if (to > tokens.size()) continue;
      reach(next, to);
      any = true;
    }
    if (!any) return false;
    now.swap(next);
  }
  return now[tokens.size()] != 0;
}

IgnoreRules IgnoreRules::gitignore(std::string_view text) {
  IgnoreRules rules;
  for (const std::string& whole : split(text, '\n')) {
    std::string_view line = without_blanks(whole);
    if (line.empty() || line.front() == '#') continue;
    Rule rule;
    if (line.front() == '!') {
      rule.keep = true;
      line.remove_prefix(1);
    }
    if (line.ends_with('/')) {
      rule.folders_only = true;
      line.remove_suffix(1);
    }
    if (line.empty()) continue;
    rule.tokens = tokens_of(line, true);
    rules.rules_.push_back(std::move(rule));
  }
  return rules;
}

IgnoreRules IgnoreRules::rsync(const std::vector<std::string>& patterns) {
  IgnoreRules rules;
  for (const std::string& pattern : patterns) {
    std::string_view line = pattern;
    Rule rule;
    if (line.ends_with("/***")) line.remove_suffix(3);
    if (line.ends_with('/')) {
      rule.folders_only = true;
      line.remove_suffix(1);
    }
    if (line.empty()) continue;
    rule.tokens = tokens_of(line, false);
    rules.rules_.push_back(std::move(rule));
  }
  return rules;
}

IgnoreRules::Verdict IgnoreRules::match(std::string_view path, bool is_folder) const {
  for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule) {
    if (rule->folders_only && !is_folder) continue;
    if (matches(rule->tokens, path)) return rule->keep ? Verdict::kKeep : Verdict::kIgnore;
  }
  return Verdict::kNone;
}

}  // namespace rayctl
