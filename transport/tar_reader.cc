#include "transport/tar_reader.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace rayctl {
namespace {

constexpr std::uint64_t kMostText = 1U << 20;  // of a long name or a pax header

std::string text_at(std::string_view block, std::size_t at, std::size_t size) {
  const std::string_view field = block.substr(at, size);
  return std::string(field.substr(0, std::min(field.find('\0'), field.size())));
}

std::uint64_t number_at(std::string_view block, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  if ((static_cast<unsigned char>(block[at]) & 0x80U) != 0) {
    for (std::size_t i = 1; i < size; ++i)
      value = value << 8U | static_cast<unsigned char>(block[at + i]);
    return value;
  }
  std::string digits = text_at(block, at, size);
  digits.erase(0, digits.find_first_not_of(' '));
  std::from_chars(digits.data(), digits.data() + digits.size(), value, 8);
  return value;
}

bool checksum_holds(std::string_view block) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < block.size(); ++i) {
    const bool own = i >= 148 && i < 156;
    sum += own ? 32U : static_cast<unsigned char>(block[i]);
  }
  return sum == number_at(block, 148, 8);
}

Error not_an_archive(const std::string& what) {
  return permanent(ErrorCode::kFilesFailed, "what the node sent is not a tar archive: " + what);
}

}  // namespace

Result<> TarReader::feed(std::string_view bytes) {
  while (!bytes.empty() && !ended_) {
    if (left_ > 0) {
      const std::string_view part = bytes.substr(0, std::min<std::uint64_t>(left_, bytes.size()));
      bytes.remove_prefix(part.size());
      left_ -= part.size();
      if (collects_ != 0) text_ += part;
      if (passes_) {
        if (Result<> taken = sink_.content(part); !taken) return taken;
      }
      if (left_ == 0 && collects_ != 0) {
        if (Result<> read = collected(); !read) return read;
      }
    } else if (padding_ > 0) {
      const std::size_t part = std::min(padding_, bytes.size());
      bytes.remove_prefix(part);
      padding_ -= part;
    } else {
      const std::size_t part = std::min(kTarBlock - block_.size(), bytes.size());
      block_ += bytes.substr(0, part);
      bytes.remove_prefix(part);
      if (block_.size() < kTarBlock) break;
      if (Result<> read = header(); !read) return read;
      block_.clear();
    }
  }
  return {};
}

Result<> TarReader::collected() {
  const char type = std::exchange(collects_, '\0');
  if (type == 'x') {
    extensions(text_);
  } else if (type == 'L' || type == 'K') {
    next_[type == 'L' ? "path" : "linkpath"] = text_.substr(0, text_.find('\0'));
  }
  text_.clear();
  return {};
}

// Records "LENGTH KEY=VALUE\n".
void TarReader::extensions(std::string_view text) {
  while (!text.empty()) {
    std::size_t size = 0;
    std::from_chars(text.data(), text.data() + text.size(), size);
    const std::size_t space = text.find(' ');
    if (size == 0 || size > text.size() || space >= size) return;
    const std::string_view record = text.substr(space + 1, size - space - 2);
    const std::size_t equal = record.find('=');
    if (equal != std::string_view::npos) {
      next_[std::string(record.substr(0, equal))] = record.substr(equal + 1);
    }
    text.remove_prefix(size);
  }
}

Result<> TarReader::header() {
  const std::string_view block = block_;
  if (block.find_first_not_of('\0') == std::string_view::npos) {
    ended_ = ++zeros_ == 2;
    return {};
  }
  zeros_ = 0;
  if (!checksum_holds(block)) return not_an_archive("a header is damaged");
  const char type = block[156];
  left_ = number_at(block, 124, 12);
  passes_ = false;
  if (type == 'x' || type == 'g' || type == 'L' || type == 'K') {
    if (left_ > kMostText) return not_an_archive("a header is too long");
    padding_ = tar_padding(left_);
    collects_ = type;
    return left_ == 0 ? collected() : Result<>();
  }
  const std::map<std::string, std::string> said = std::exchange(next_, {});
  const auto extended = [&](const char* key, const std::string& usual) {
    const auto found = said.find(key);
    return found == said.end() ? usual : found->second;
  };
  std::string name = text_at(block, 0, 100);
  const std::string prefix = text_at(block, 345, 155);
  // GNU's own form has other things where ustar has the prefix.
  if (!prefix.empty() && block.substr(257, 6) == std::string_view("ustar\0", 6)) {
    name = prefix + "/" + name;
  }
  TarMember member{.name = extended("path", name),
                   .mode = static_cast<std::uint32_t>(number_at(block, 100, 8) & 0777U),
                   .mtime = static_cast<std::int64_t>(number_at(block, 136, 12))};
  if (const auto size = said.find("size"); size != said.end()) {
    std::from_chars(size->second.data(), size->second.data() + size->second.size(), left_);
  }
  const std::string target = extended("linkpath", text_at(block, 157, 100));
  padding_ = tar_padding(left_);
  if (type == '0' || type == '\0' || type == '7') {
    member.size = left_;
    passes_ = true;
    return sink_.member(member, "");
  }
  left_ = type == '1' || type == '2' || type == '5' ? 0 : left_;
  padding_ = tar_padding(left_);
  if (type == '1') return sink_.member(member, target);
  if (type == '2') {
    member.kind = TarMember::Kind::kLink;
    member.link_target = target;
    return sink_.member(member, "");
  }
  if (type != '5') return {};
  member.kind = TarMember::Kind::kFolder;
  return sink_.member(member, "");
}

}  // namespace rayctl
