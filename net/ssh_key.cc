#include "net/ssh_key.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/text.h"

namespace rayctl {
namespace {

constexpr std::string_view kMagic{"openssh-key-v1\0", 15};
constexpr std::string_view kBegin = "-----BEGIN OPENSSH PRIVATE KEY-----";
constexpr std::string_view kEnd = "-----END OPENSSH PRIVATE KEY-----";
constexpr char kEd25519[] = "ssh-ed25519";
constexpr std::size_t kKeySize = 32;

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Pkey = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using PkeyContext = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX_free>>;
using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using Number = std::unique_ptr<BIGNUM, Freed<BN_free>>;
using RawKey = std::array<unsigned char, kKeySize>;

std::string_view chars(const unsigned char* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

// The words of RFC 4251, section 5.
std::string wire_number(std::uint32_t value) {
  std::string bytes;
  for (const int shift : {24, 16, 8, 0})
    bytes += static_cast<char>((value >> shift) & 0xffU);
  return bytes;
}
std::string wire_text(std::string_view text) {
  return wire_number(static_cast<std::uint32_t>(text.size())) + std::string(text);
}
std::string wire_mpint(const BIGNUM* number) {
  std::vector<unsigned char> bytes(static_cast<std::size_t>(BN_num_bytes(number)) + 1, 0);
  BN_bn2bin(number, bytes.data() + 1);
  const bool sign_bit = bytes.size() > 1 && (bytes[1] & 0x80U) != 0;
  const std::size_t skip = sign_bit ? 0 : 1;
  return wire_text(chars(bytes.data() + skip, bytes.size() - skip));
}

/// Takes words off the front of a text.
class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : rest_(bytes) {}
  std::optional<std::uint32_t> number() {
    if (rest_.size() < 4) return std::nullopt;
    std::uint32_t value = 0;
    for (std::size_t at = 0; at < 4; ++at)
      value = (value << 8) | static_cast<unsigned char>(rest_[at]);
    rest_.remove_prefix(4);
    return value;
  }
  std::optional<std::string_view> text() {
    const auto size = number();
    if (!size || *size > rest_.size()) return std::nullopt;
    const std::string_view found = rest_.substr(0, *size);
    rest_.remove_prefix(*size);
    return found;
  }

 private:
  std::string_view rest_;
};

std::string line_of(std::string_view blob) {
  const auto kind = WireReader(blob).text();
  return kind ? std::string(*kind) + " " + to_base64(blob) : "";
}

std::string comment_of(std::string_view kind, std::string_view secret) {
  if (kind != kEd25519) return "";
  WireReader reader(secret);
  const auto check = reader.number();
  const auto again = reader.number();
  if (!check || check != again) return "";
  for (int skipped = 0; skipped < 3; ++skipped) {
    if (!reader.text()) return "";
  }
  return std::string(reader.text().value_or(""));
}

std::optional<SshKeyFacts> read_openssh(std::string_view text) {
  const std::size_t begin = text.find(kBegin) + kBegin.size();
  const std::size_t end = text.find(kEnd, begin);
  if (end == std::string_view::npos) return std::nullopt;
  const auto bytes = from_base64(text.substr(begin, end - begin));
  if (!bytes || !bytes->starts_with(kMagic)) return std::nullopt;
  WireReader reader(std::string_view(*bytes).substr(kMagic.size()));
  const auto cipher = reader.text();
  if (!reader.text() || !reader.text() || reader.number() != 1U) return std::nullopt;
  const auto blob = reader.text();
  const auto secret = reader.text();
  if (!cipher || !blob || !secret) return std::nullopt;
  const auto kind = WireReader(*blob).text();
  if (!kind) return std::nullopt;
  return SshKeyFacts{line_of(*blob), *cipher == "none" ? comment_of(*kind, *secret) : ""};
}

std::optional<Number> number_of(const EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &number) != 1) return std::nullopt;
  return Number(number);
}

int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) {
  return -1;
}

std::optional<SshKeyFacts> read_pem(std::string_view text) {
  const Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  const Pkey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  if (!key) return std::nullopt;
  if (EVP_PKEY_is_a(key.get(), "RSA") == 1) {
    const auto exponent = number_of(key.get(), OSSL_PKEY_PARAM_RSA_E);
    const auto modulus = number_of(key.get(), OSSL_PKEY_PARAM_RSA_N);
    if (!exponent || !modulus) return std::nullopt;
    return SshKeyFacts{
        line_of(wire_text("ssh-rsa") + wire_mpint(exponent->get()) + wire_mpint(modulus->get())),
        ""};
  }
  RawKey half{};
  std::size_t size = half.size();
  if (EVP_PKEY_is_a(key.get(), "ED25519") != 1 ||
      EVP_PKEY_get_raw_public_key(key.get(), half.data(), &size) != 1)
    return std::nullopt;
  return SshKeyFacts{line_of(wire_text(kEd25519) + wire_text(chars(half.data(), size))), ""};
}

}  // namespace

Result<SshKey> make_ssh_key(std::string_view comment) {
  const PkeyContext context(EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, nullptr));
  EVP_PKEY* made = nullptr;
  RawKey seed{};
  RawKey half{};
  std::size_t seed_size = seed.size();
  std::size_t half_size = half.size();
  std::array<unsigned char, 4> check{};
  const bool ok = context && EVP_PKEY_keygen_init(context.get()) == 1 &&
                  EVP_PKEY_keygen(context.get(), &made) == 1 &&
                  EVP_PKEY_get_raw_private_key(made, seed.data(), &seed_size) == 1 &&
                  EVP_PKEY_get_raw_public_key(made, half.data(), &half_size) == 1 &&
                  RAND_bytes(check.data(), static_cast<int>(check.size())) == 1;
  const Pkey owner(made);
  if (!ok) return permanent(ErrorCode::kInternal, "no SSH key could be made: no randomness");

  // PROTOCOL.key of OpenSSH: a header, the public half, and the private one between two equal
  // random words and padding.
  const std::string blob = wire_text(kEd25519) + wire_text(chars(half.data(), half.size()));
  std::string both(chars(seed.data(), seed.size()));
  both += chars(half.data(), half.size());
  std::string secret(chars(check.data(), check.size()));
  secret += secret;
  secret += blob + wire_text(both) + wire_text(comment);
  for (char pad = 1; secret.size() % 8 != 0; ++pad)
    secret += pad;
  const std::string text =
      to_base64(std::string(kMagic) + wire_text("none") + wire_text("none") + wire_text("") +
                wire_number(1) + wire_text(blob) + wire_text(secret));
  OPENSSL_cleanse(seed.data(), seed.size());
  OPENSSL_cleanse(both.data(), both.size());
  OPENSSL_cleanse(secret.data(), secret.size());

  SshKey key;
  key.private_text = std::string(kBegin) + "\n";
  for (std::size_t at = 0; at < text.size(); at += 70)
    key.private_text += text.substr(at, 70) + "\n";
  key.private_text += std::string(kEnd) + "\n";
  key.public_line = line_of(blob) + " " + std::string(comment);
  return key;
}

std::optional<SshKeyFacts> read_ssh_key(std::string_view private_text) {
  if (private_text.find(kBegin) != std::string_view::npos) return read_openssh(private_text);
  return read_pem(private_text);
}

bool same_ssh_key(std::string_view line, std::string_view other) {
  const std::vector<std::string> words = split(trim(line), ' ');
  const std::vector<std::string> theirs = split(trim(other), ' ');
  return words.size() > 1 && theirs.size() > 1 && words[0] == theirs[0] && words[1] == theirs[1];
}

std::string to_base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  std::string packed;
  for (const char c : text) {
    if (c != '\n' && c != '\r' && c != ' ' && c != '\t') packed += c;
  }
  if (packed.size() % 4 != 0) return std::nullopt;
  std::string bytes(packed.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   reinterpret_cast<const unsigned char*>(packed.data()),
                                   static_cast<int>(packed.size()));
  if (size < 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && padding < packed.size() && packed[packed.size() - 1 - padding] == '=')
    ++padding;
  bytes.resize(static_cast<std::size_t>(size) - padding);
  return bytes;
}

}  // namespace rayctl
