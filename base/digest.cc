#include "base/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace rayctl {

namespace {

using Bytes = std::array<unsigned char, EVP_MAX_MD_SIZE>;

/// These calls fail only when memory or the library itself is broken: nothing to go on with.
void must(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "rayctl: %s failed\n", what);
  std::abort();
}

/// Looking an algorithm up costs more than hashing a few bytes: done once.
const EVP_MD* algorithm(const char* name) {
  const EVP_MD* found = EVP_MD_fetch(nullptr, name, nullptr);
  must(found != nullptr, "EVP_MD_fetch");
  return found;
}
const EVP_MD* sha256() {
  static const EVP_MD* const kAlgorithm = algorithm("SHA256");
  return kAlgorithm;
}
const EVP_MD* sha1() {
  static const EVP_MD* const kAlgorithm = algorithm("SHA1");
  return kAlgorithm;
}

std::string hex(const unsigned char* bytes, std::size_t size) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text(size * 2, '0');
  for (std::size_t i = 0; i < size; ++i) {
    text[2 * i] = kDigits[bytes[i] >> 4U];
    text[2 * i + 1] = kDigits[bytes[i] & 15U];
  }
  return text;
}

std::string base32hex(const unsigned char* bytes, std::size_t size) {
  constexpr char kDigits[] = "0123456789abcdefghijklmnopqrstuv";
  std::string text;
  unsigned held = 0, bits = 0;
  for (std::size_t i = 0; i < size; ++i) {
    held = ((held << 8U) | bytes[i]) & 0xFFFFU;
    for (bits += 8; bits >= 5; bits -= 5)
      text += kDigits[(held >> (bits - 5)) & 31U];
  }
  if (bits > 0) text += kDigits[(held << (5 - bits)) & 31U];
  return text;
}

Bytes hash(const EVP_MD* algorithm, std::string_view bytes, unsigned& size) {
  Bytes out{};
  must(EVP_Digest(bytes.data(), bytes.size(), out.data(), &size, algorithm, nullptr) == 1,
       "EVP_Digest");
  return out;
}

Bytes hmac(std::string_view key, std::string_view bytes, unsigned& size) {
  Bytes out{};
  // An empty view may hold a null pointer, which HMAC() reads as "the key of last time".
  const char* start = key.empty() ? "" : key.data();
  must(HMAC(sha256(), start, static_cast<int>(key.size()),
            reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), out.data(),
            &size) != nullptr,
       "HMAC");
  return out;
}

}  // namespace

std::string sha256_hex(std::string_view bytes) {
  unsigned size = 0;
  const Bytes digest = hash(sha256(), bytes, size);
  return hex(digest.data(), size);
}

std::string sha1_hex(std::string_view bytes) {
  unsigned size = 0;
  const Bytes digest = hash(sha1(), bytes, size);
  return hex(digest.data(), size);
}

std::string sha256_base32hex(std::string_view bytes) {
  unsigned size = 0;
  const Bytes digest = hash(sha256(), bytes, size);
  return base32hex(digest.data(), size);
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
  unsigned size = 0;
  const Bytes code = hmac(key, bytes, size);
  return {reinterpret_cast<const char*>(code.data()), size};
}

std::string hmac_sha256_hex(std::string_view key, std::string_view bytes) {
  unsigned size = 0;
  const Bytes code = hmac(key, bytes, size);
  return hex(code.data(), size);
}

std::string short_digest(std::string_view bytes) {
  unsigned size = 0;
  const Bytes digest = hash(sha256(), bytes, size);
  return hex(digest.data(), 10);
}

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State() {
    must(context != nullptr, "EVP_MD_CTX_new");
    restart();
  }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  void restart() const {
    must(EVP_DigestInit_ex(context, sha256(), nullptr) == 1, "EVP_DigestInit_ex");
  }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;

void Sha256::add(const void* bytes, std::size_t size) {
  must(EVP_DigestUpdate(state_->context, bytes, size) == 1, "EVP_DigestUpdate");
}

std::string Sha256::finish() {
  Bytes out{};
  unsigned size = 0;
  must(EVP_DigestFinal_ex(state_->context, out.data(), &size) == 1, "EVP_DigestFinal_ex");
  state_->restart();
  return hex(out.data(), size);
}

struct StreamDigest::State {
  Form form;
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_MD_CTX* copy = EVP_MD_CTX_new();
  explicit State(Form chosen) : form(chosen) {
    must(context != nullptr && copy != nullptr, "EVP_MD_CTX_new");
    const EVP_MD* digest = form == Form::kSha1Hex ? sha1() : sha256();
    must(EVP_DigestInit_ex(context, digest, nullptr) == 1, "EVP_DigestInit_ex");
  }
  ~State() {
    EVP_MD_CTX_free(context);
    EVP_MD_CTX_free(copy);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

StreamDigest::StreamDigest(Form form) : state_(std::make_unique<State>(form)) {}
StreamDigest::~StreamDigest() = default;

void StreamDigest::add(std::string_view bytes) {
  must(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1, "EVP_DigestUpdate");
}

std::string StreamDigest::so_far() const {
  Bytes out{};
  unsigned size = 0;
  must(EVP_MD_CTX_copy_ex(state_->copy, state_->context) == 1, "EVP_MD_CTX_copy_ex");
  must(EVP_DigestFinal_ex(state_->copy, out.data(), &size) == 1, "EVP_DigestFinal_ex");
  return state_->form == Form::kSha1Hex ? hex(out.data(), size) : base32hex(out.data(), size);
}

std::string random_hex(std::size_t bytes) {
  std::string raw(bytes, '\0');
  for (std::size_t got = 0; got < bytes;) {
    const ssize_t read = getrandom(raw.data() + got, bytes - got, 0);
    must(read > 0 || errno == EINTR, "getrandom");
    if (read > 0) got += static_cast<std::size_t>(read);
  }
  return hex(reinterpret_cast<const unsigned char*>(raw.data()), bytes);
}

}  // namespace rayctl
