#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "transport/tar_format.h"

namespace rayctl {

/// Takes what a tar archive holds, member by member.
class TarSink {
 public:
  virtual ~TarSink() = default;
  /// The head of a member. A hard link has the name of the earlier member in `hard_link`. Members
  /// that are neither files, folders nor links are left out.
  virtual Result<> member(const TarMember& member, const std::string& hard_link) = 0;
  /// The content of the last file, in pieces that add up to its size.
  virtual Result<> content(std::string_view bytes) = 0;
};

/// Reads an archive as it comes: ustar, GNU's long names and pax headers (POSIX.1-2001, pax), so
/// whatever a node's tar writes. Names are given as they are: to be checked by the sink.
class TarReader {
 public:
  explicit TarReader(TarSink& sink) : sink_(sink) {}
  /// kFilesFailed for what is no archive; else the sink's error.
  Result<> feed(std::string_view bytes);
  /// The end of the archive was seen.
  bool ended() const { return ended_; }

 private:
  Result<> header();
  Result<> collected();
  void extensions(std::string_view text);

  TarSink& sink_;
  std::string block_;
  std::uint64_t left_ = 0;  ///< bytes of content
  std::size_t padding_ = 0;
  char collects_ = 0;  ///< the type of the member whose content is kept in text_
  std::string text_;
  bool passes_ = false;                      ///< content goes to the sink
  std::map<std::string, std::string> next_;  ///< what headers say of the member after them
  int zeros_ = 0;
  bool ended_ = false;
};

}  // namespace rayctl
