#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace rayctl {

/// The parts between separators; always at least one, so "" gives {""}.
std::vector<std::string> split(std::string_view text, char separator);
/// The parts with `separator` between them.
std::string join(const std::vector<std::string>& parts, std::string_view separator);
/// Without white space at both ends.
std::string trim(std::string_view text);
/// Quotes one word for a POSIX shell; safe for any bytes but NUL.
std::string shell_quote(std::string_view word);
/// The candidate within a small edit distance of `word`, or "" if none is near: "did you mean".
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);
/// A count with its noun: plural(1, "node") is "1 node", plural(2, "node") "2 nodes".
std::string plural(std::size_t count, std::string_view noun);
/// Shell-style wildcards (* ? [..]) over the whole name.
bool glob_match(std::string_view pattern, std::string_view name);
/// The last `count` lines of a text.
std::vector<std::string> last_lines(std::string_view text, std::size_t count);
/// Bytes for people: "3.1 MB".
std::string format_bytes(unsigned long long bytes);

}  // namespace rayctl
