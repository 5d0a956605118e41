#pragma once
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>
#include <string>
#include <string_view>

namespace rayctl {

/// An RSA key of this process, to sign with and to verify.
class RsaKey {
 public:
  RsaKey() : key_(EVP_RSA_gen(2048)) {}
  ~RsaKey() { EVP_PKEY_free(key_); }
  RsaKey(const RsaKey&) = delete;
  RsaKey& operator=(const RsaKey&) = delete;

  /// The private key as PKCS#8; with a passphrase if there is one.
  std::string pem(const std::string& passphrase = "") const {
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PKCS8PrivateKey(bio, key_, passphrase.empty() ? nullptr : EVP_aes_128_cbc(),
                                  passphrase.empty() ? nullptr : passphrase.data(),
                                  static_cast<int>(passphrase.size()), nullptr, nullptr);
    char* text = nullptr;
    const long size = BIO_get_mem_data(bio, &text);
    std::string pem(text, static_cast<std::size_t>(size));
    BIO_free(bio);
    return pem;
  }

  /// Whether this is the RS256 signature of the bytes.
  bool verifies(std::string_view bytes, std::string_view signature) const {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> digest(EVP_MD_CTX_new(),
                                                                         &EVP_MD_CTX_free);
    return EVP_DigestVerifyInit(digest.get(), nullptr, EVP_sha256(), nullptr, key_) == 1 &&
           EVP_DigestVerify(digest.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                            signature.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                            bytes.size()) == 1;
  }

 private:
  EVP_PKEY* key_;
};

}  // namespace rayctl
