#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace rayctl {

/// SHA-256 in lower-case hex (64 characters).
std::string sha256_hex(std::string_view bytes);
/// SHA-1 in lower-case hex (40 characters). Only for comparing with what old Ray wrote.
std::string sha1_hex(std::string_view bytes);
/// SHA-256 in base32hex (RFC 4648, lower case, no padding), as Ray 2.60 writes its hashes.
std::string sha256_base32hex(std::string_view bytes);
/// HMAC-SHA-256 as its 32 bytes.
std::string hmac_sha256(std::string_view key, std::string_view bytes);
/// HMAC-SHA-256 in lower-case hex.
std::string hmac_sha256_hex(std::string_view key, std::string_view bytes);
/// The first 80 bits of SHA-256 in hex (20 characters): what our own digests of specs use, short
/// enough for nine of them in one cloud tag.
std::string short_digest(std::string_view bytes);

/// SHA-256 of a stream. Not thread-safe; one per thread.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void add(const void* bytes, std::size_t size);
  void add(std::string_view bytes) { add(bytes.data(), bytes.size()); }
  /// The digest in hex; the object can then be used for a new stream.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A digest of a stream that can be read midway, in the forms that Ray writes. Not thread-safe.
class StreamDigest {
 public:
  enum class Form { kSha1Hex, kSha256Base32hex };
  explicit StreamDigest(Form form);
  ~StreamDigest();
  StreamDigest(const StreamDigest&) = delete;
  StreamDigest& operator=(const StreamDigest&) = delete;
  void add(std::string_view bytes);
  /// Of all that was added until now; more may be added after it.
  std::string so_far() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// `bytes` random bytes from the operating system, in hex. Never in pure code.
std::string random_hex(std::size_t bytes);

}  // namespace rayctl
