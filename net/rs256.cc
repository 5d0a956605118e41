#include "net/rs256.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>

#include "net/ssh_key.h"

namespace rayctl {
namespace {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Pkey = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using Digest = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;

int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) {
  return -1;
}

Pkey read_key(std::string_view pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Pkey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  if (key && EVP_PKEY_is_a(key.get(), "RSA") != 1) key.reset();
  return key;
}

}  // namespace

Result<std::string> rs256_sign(std::string_view private_key_pem, std::string_view bytes) {
  const Pkey key = read_key(private_key_pem);
  const Digest digest(EVP_MD_CTX_new());
  std::size_t size = 0;
  std::string signature;
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  bool good = key && digest &&
              EVP_DigestSignInit(digest.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
              EVP_DigestSign(digest.get(), nullptr, &size, data, bytes.size()) == 1;
  if (good) {
    signature.resize(size);
    good = EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                          data, bytes.size()) == 1;
    signature.resize(size);
  }
  ERR_clear_error();
  if (!good) {
    return permanent(ErrorCode::kCredentials, "this is no private RSA key in PEM form");
  }
  return signature;
}

std::string to_base64url(std::string_view bytes) {
  std::string text = to_base64(bytes);
  while (text.ends_with('='))
    text.pop_back();
  for (char& c : text) {
    if (c == '+') c = '-';
    if (c == '/') c = '_';
  }
  return text;
}

}  // namespace rayctl
