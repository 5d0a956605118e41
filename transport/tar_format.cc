#include "transport/tar_format.h"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstring>

namespace rayctl {
namespace {

struct Header {
  char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, target[100],
      magic[8], rest[247];
};
static_assert(sizeof(Header) == kTarBlock);

// Octal digits up to the field's last byte, which is a NUL; larger numbers in base 256.
template <std::size_t kSize>
void put_number(char (&field)[kSize], std::uint64_t value) {
  if (value >> (3 * (kSize - 1)) == 0) {
    for (std::size_t i = kSize - 1; i-- > 0; value >>= 3U)
      field[i] = static_cast<char>('0' + (value & 7U));
    return;
  }
  for (std::size_t i = kSize; i-- > 0; value >>= 8U)
    field[i] = static_cast<char>(value & 0xffU);
  field[0] = static_cast<char>(0x80);
}

std::string block(const std::string& name, char type, std::uint32_t mode, std::uint64_t size,
                  std::int64_t mtime, const std::string& target) {
  Header header{};
  std::memcpy(header.name, name.data(), std::min(name.size(), sizeof header.name));
  put_number(header.mode, mode);
  put_number(header.uid, 0);
  put_number(header.gid, 0);
  put_number(header.size, size);
  put_number(header.mtime, static_cast<std::uint64_t>(std::max<std::int64_t>(mtime, 0)));
  header.type = type;
  std::memcpy(header.target, target.data(), std::min(target.size(), sizeof header.target));
  std::memcpy(header.magic, "ustar  ", sizeof header.magic);
  std::memset(header.checksum, ' ', sizeof header.checksum);
  std::string bytes(reinterpret_cast<const char*>(&header), sizeof header);  // NOLINT
  unsigned sum = 0;
  for (const char c : bytes)
    sum += static_cast<unsigned char>(c);
  // Six digits, a NUL and a space.
  std::snprintf(bytes.data() + offsetof(Header, checksum), 7, "%06o", sum);
  bytes[offsetof(Header, checksum) + 7] = ' ';
  return bytes;
}

// A name that is too long for its field goes before the header as the content of a member.
std::string long_name(char type, const std::string& name) {
  std::string text = block("././@LongLink", type, 0644, name.size() + 1, 0, "") + name + '\0';
  text.append(tar_padding(name.size() + 1), '\0');
  return text;
}

}  // namespace

std::string tar_header(const TarMember& member) {
  std::string text;
  const bool link = member.kind == TarMember::Kind::kLink;
  const bool folder = member.kind == TarMember::Kind::kFolder;
  const std::string name = folder ? member.name + "/" : member.name;
  if (link && member.link_target.size() >= sizeof Header::target) {
    text += long_name('K', member.link_target);
  }
  if (name.size() >= sizeof Header::name) text += long_name('L', name);
  const char type = link ? '2' : folder ? '5' : '0';
  return text + block(name, type, member.mode, member.size, member.mtime, member.link_target);
}

std::size_t tar_padding(std::uint64_t size) {
  return (kTarBlock - size % kTarBlock) % kTarBlock;
}

std::string tar_end() {
  return std::string(2 * kTarBlock, '\0');
}

}  // namespace rayctl
