#include "tests/net/certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <memory>

namespace rayctl {
namespace {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Memory = std::unique_ptr<BIO, Freed<BIO_free>>;

std::string text_of(BIO* memory) {
  char* text = nullptr;
  const long length = BIO_get_mem_data(memory, &text);
  return {text, static_cast<std::size_t>(length)};
}

void extend(X509* certificate, int kind, const std::string& value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

/// Without `ca` it signs itself and may sign others.
TestIdentity make(const TestIdentity* ca, const std::string& name, const std::string& names) {
  static std::atomic<long> serial = 1;
  const Key key(EVP_EC_gen("P-256"));
  const Certificate made(X509_new());
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), serial++);
  X509_set_version(made.get(), 2);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
  X509_set_pubkey(made.get(), key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  Key signing;
  if (ca == nullptr) {
    X509_set_issuer_name(made.get(), X509_get_subject_name(made.get()));
    extend(made.get(), NID_basic_constraints, "critical,CA:TRUE");
  } else {
    const auto memory = [](const std::string& text) {
      return Memory(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    };
    const Certificate issuer(
        PEM_read_bio_X509(memory(ca->certificate).get(), nullptr, nullptr, nullptr));
    signing.reset(PEM_read_bio_PrivateKey(memory(ca->key).get(), nullptr, nullptr, nullptr));
    X509_set_issuer_name(made.get(), X509_get_subject_name(issuer.get()));
  }
  if (!names.empty()) extend(made.get(), NID_subject_alt_name, names);
  X509_sign(made.get(), signing ? signing.get() : key.get(), EVP_sha256());
  const Memory certificate_text(BIO_new(BIO_s_mem())), key_text(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(certificate_text.get(), made.get());
  PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return {text_of(certificate_text.get()), text_of(key_text.get())};
}

}  // namespace

TestIdentity make_test_ca(const std::string& name) {
  return make(nullptr, name, "");
}

TestIdentity make_test_identity(const TestIdentity& ca, const std::string& name,
                                const std::string& names) {
  return make(&ca, name, names);
}

}  // namespace rayctl
