#include "transport/delivered.h"

#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

namespace rayctl {
namespace {

constexpr std::string_view kHeader = "rayctl-mount 2";
using Kind = ManifestEntry::Kind;

std::string record(std::string text) {
  text += '\n';
  text += '\0';
  return text;
}

std::string octal(std::uint32_t mode) {
  char digits[16];
  return {digits, std::to_chars(digits, digits + sizeof digits, mode, 8).ptr};
}

std::string_view take(std::string_view& text, char end) {
  const std::size_t at = std::min(text.find(end), text.size());
  const std::string_view word = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return word;
}

template <class Number>
bool read(std::string_view word, Number& value, int base) {
  const char* end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, value, base);
  return error == std::errc{} && stop == end;
}

std::optional<ManifestEntry> entry_of(char type, std::string_view rest) {
  ManifestEntry entry;
  bool good = true;
  if (type != 'l') good = read(take(rest, ' '), entry.mode, 8);
  if (type == 'l') entry.mode = 0777;
  if (type != 'd') {
    good = good && read(take(rest, ' '), entry.size, 10);
    entry.content = take(rest, ' ');
  }
  entry.kind = type == 'l' ? Kind::kLink : type == 'd' ? Kind::kFolder : Kind::kFile;
  entry.path = rest;
  if (!good) return std::nullopt;
  return entry;
}

}  // namespace

std::string delivered_header() {
  return record(std::string(kHeader));
}

std::string delivered_entry(const ManifestEntry& entry) {
  if (entry.kind == Kind::kFolder) return record("d " + octal(entry.mode) + " " + entry.path);
  const std::string what = std::to_string(entry.size) + " " + entry.content + " " + entry.path;
  return record(entry.kind == Kind::kLink ? "l " + what : "f " + octal(entry.mode) + " " + what);
}

std::string delivered_gone(const std::string& path) {
  return record("x " + path);
}

std::string delivered_begun(const ManifestEntry& entry) {
  return record((entry.kind == Kind::kFolder ? "+ " : "? ") + entry.path);
}

std::string delivered_whole(const Digest& digest) {
  return record("= " + digest.text);
}

Delivered parse_delivered(const std::string& text) {
  Delivered delivered;
  std::string_view rest = text;
  if (take(rest, '\0') != std::string(kHeader) + "\n") return delivered;
  std::map<std::string, ManifestEntry> all;
  while (!rest.empty()) {
    std::string_view line = take(rest, '\0');
    delivered.complete = false;
    if (line.size() < 3 || line.back() != '\n' || line[1] != ' ') continue;
    line.remove_suffix(1);
    const char type = line.front();
    line.remove_prefix(2);
    const std::string path(line);
    if (type == '=') {
      delivered.complete = true;
    } else if (type == 'x') {
      all.erase(path);
    } else if (type == '?' || type == '+') {
      all[path] = {.path = path,
                   .content = kUnknownContent,
                   .kind = type == '+' ? Kind::kFolder : Kind::kFile};
    } else if (type == 'f' || type == 'l' || type == 'd') {
      if (const std::optional<ManifestEntry> entry = entry_of(type, line)) {
        all[entry->path] = *entry;
      }
    }
  }
  for (auto& [path, entry] : all)
    delivered.manifest.entries.push_back(std::move(entry));
  delivered.readable = true;
  return delivered;
}

}  // namespace rayctl
