#pragma once
#include <cstdint>
#include <string>

namespace rayctl {

/// Size of tar's blocks in bytes: headers are whole ones, contents are padded to them.
inline constexpr std::size_t kTarBlock = 512;

/// The head of one member of a tar archive.
struct TarMember {
  enum class Kind { kFile, kLink, kFolder };
  std::string name;  ///< any bytes but NUL
  Kind kind = Kind::kFile;
  std::uint32_t mode = 0;   ///< permission bits
  std::uint64_t size = 0;   ///< bytes of content that follow; 0 unless a file
  std::int64_t mtime = 0;   ///< seconds since 1970
  std::string link_target;  ///< of a link
  bool operator==(const TarMember&) const = default;
};

/// The blocks before a member's content, in GNU's form of ustar (GNU tar manual, "Basic Tar
/// Format"): names over 100 bytes and sizes over 8 GB as GNU tar writes them, because BusyBox reads
/// those and not pax headers. Owner and group are left out.
std::string tar_header(const TarMember& member);
/// How many zero bytes follow a content of `size` bytes.
std::size_t tar_padding(std::uint64_t size);
/// What ends an archive.
std::string tar_end();

}  // namespace rayctl
