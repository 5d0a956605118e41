#include "base/text.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace rayctl {

namespace {

constexpr std::string_view kSpace = " \t\r\n\v\f";

char fold(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<char>(c - 'A' + 'a');
  return c == '-' ? '_' : c;
}

/// Insertions, removals, changes and swaps of neighbours that make `a` of `b`.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before, last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = fold(a[i - 1]) == fold(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0U : 1U)});
      const bool swapped =
          i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) && fold(a[i - 2]) == fold(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before = last;
    last = row;
  }
  return last[b.size()];
}

/// Matches one `[...]` of `pattern` that starts at `at`; moves `at` behind it. A bracket without
/// an end stands for itself.
bool match_set(std::string_view pattern, std::size_t& at, char c) {
  std::size_t i = at + 1;
  const bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  if (negated) ++i;
  const std::size_t end = pattern.find(']', i + 1);
  if (end == std::string_view::npos) {
    ++at;
    return c == '[';
  }
  bool found = false;
  while (i < end) {
    const bool range = i + 2 < end && pattern[i + 1] == '-';
    const char low = pattern[i], high = range ? pattern[i + 2] : low;
    found = found || (low <= c && c <= high);
    i += range ? 3 : 1;
  }
  at = end + 1;
  return found != negated;
}

}  // namespace

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) text += separator;
    text += parts[i];
  }
  return text;
}

std::string trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(kSpace) - first + 1));
}

std::string shell_quote(std::string_view word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:,@%+=";
  // A leading "=" or "~" means something to some shells.
  if (!word.empty() && word.front() != '=' &&
      word.find_first_not_of(kPlain) == std::string_view::npos) {
    return std::string(word);
  }
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  constexpr std::size_t kLongest = 128;
  std::string best;
  std::size_t least = kLongest;
  for (const std::string& candidate : candidates) {
    const std::size_t longer = std::max(word.size(), candidate.size());
    const std::size_t shorter = std::min(word.size(), candidate.size());
    const std::size_t limit = longer / 3;
    if (longer > kLongest || longer - shorter > limit) continue;
    const std::size_t apart = distance(word, candidate);
    if (apart <= limit && apart < least) {
      least = apart;
      best = candidate;
    }
  }
  return best;
}

std::string plural(std::size_t count, std::string_view noun) {
  std::string text = std::to_string(count) + " ";
  if (count == 1 || noun.empty()) return text + std::string(noun);
  constexpr std::string_view kVowels = "aeiou";
  const bool after_consonant =
      noun.size() > 1 && kVowels.find(noun[noun.size() - 2]) == std::string_view::npos;
  if (noun.back() == 'y' && after_consonant) {
    return text + std::string(noun.substr(0, noun.size() - 1)) + "ies";
  }
  const bool hisses =
      noun.back() == 's' || noun.back() == 'x' || noun.ends_with("ch") || noun.ends_with("sh");
  return text + std::string(noun) + (hisses ? "es" : "s");
}

bool glob_match(std::string_view pattern, std::string_view name) {
  constexpr std::size_t kNone = std::string_view::npos;
  std::size_t p = 0, n = 0, star = kNone, retry = 0;
  while (n < name.size()) {
    std::size_t next = p + 1;
    bool fits = false;
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      retry = n;
      continue;
    }
    if (p < pattern.size() && pattern[p] == '[') {
      next = p;
      fits = match_set(pattern, next, name[n]);
    } else {
      fits = p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n]);
    }
    if (fits) {
      p = next;
      ++n;
    } else if (star != kNone) {
      p = star + 1;
      n = ++retry;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*')
    ++p;
  return p == pattern.size();
}

std::vector<std::string> last_lines(std::string_view text, std::size_t count) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  std::vector<std::string> lines;
  while (lines.size() < count && !text.empty()) {
    const std::size_t end = text.rfind('\n');
    lines.emplace_back(text.substr(end == std::string_view::npos ? 0 : end + 1));
    text = text.substr(0, end == std::string_view::npos ? 0 : end);
  }
  std::reverse(lines.begin(), lines.end());
  return lines;
}

std::string format_bytes(unsigned long long bytes) {
  if (bytes < 1000) return std::to_string(bytes) + " B";
  constexpr std::array kUnits = {"kB", "MB", "GB", "TB", "PB", "EB"};
  double value = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  while (value >= 999.95 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f %s", value, kUnits[unit]);
  return text.data();
}

}  // namespace rayctl
