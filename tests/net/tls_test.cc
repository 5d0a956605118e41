#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <thread>

#include "base/files.h"
#include "net/http_client.h"

namespace rayctl {
namespace {

using ::testing::HasSubstr;

/// Answers HTTPS on loopback with a certificate that nobody but the holder of its file trusts.
class TlsServer {
 public:
  TlsServer() {
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to a connection that may be gone
    make_certificate();
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* where = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof(address);
    if (::bind(listener_, where, size) != 0 || ::listen(listener_, 8) != 0 ||
        ::getsockname(listener_, where, &size) != 0) {
      std::abort();
    }
    url_ = "https://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/";
    thread_ = std::thread([this] { serve(); });
  }
  ~TlsServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
    SSL_CTX_free(context_);
    std::filesystem::remove(file_);
  }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;
  const std::string& url() const { return url_; }
  const std::string& certificate() const { return file_; }

 private:
  void make_certificate() {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_set_version(certificate, 2);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME* name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("loopback"), -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_EXTENSION* names =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1");
    X509_add_ext(certificate, names, -1);
    X509_sign(certificate, key, EVP_sha256());

    BIO* memory = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(memory, certificate);
    char* text = nullptr;
    const auto length = BIO_get_mem_data(memory, &text);
    std::string pattern = (std::filesystem::temp_directory_path() / "certificate-XXXXXX").string();
    ::close(::mkstemp(pattern.data()));
    file_ = pattern;
    if (!write_file_atomic(file_, {text, static_cast<std::size_t>(length)})) std::abort();
    context_ = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(context_, certificate);
    SSL_CTX_use_PrivateKey(context_, key);
    BIO_free(memory);
    X509_EXTENSION_free(names);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }

  void serve() {
    for (;;) {
      const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (socket < 0) return;
      SSL* connection = SSL_new(context_);
      SSL_set_fd(connection, socket);
      std::array<char, 4096> request;
      if (SSL_accept(connection) == 1 &&
          SSL_read(connection, request.data(), static_cast<int>(request.size())) > 0) {
        constexpr std::string_view kAnswer = "HTTP/1.1 200 Fine\r\nContent-Length: 4\r\n\r\nsafe";
        SSL_write(connection, kAnswer.data(), static_cast<int>(kAnswer.size()));
        SSL_shutdown(connection);
      }
      SSL_free(connection);
      ::close(socket);
    }
  }

  SSL_CTX* context_ = nullptr;
  int listener_ = -1;
  std::string url_, file_;
  std::thread thread_;
};

TEST(TlsTest, TrustsWhatItIsToldToAndNothingElse) {
  TlsServer server;
  SystemClock clock;
  HttpRequest request;
  request.url = server.url();
  const auto trusted = [&](HttpSettings settings) {
    return make_http_client(std::move(settings), clock)
        ->send(request, clock.now() + Millis{20'000});
  };
  HttpSettings chosen;
  chosen.ca_bundle = server.certificate();
  const auto answer = trusted(chosen);
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer->body, "safe");
  HttpSettings by_variable;
  by_variable.env["SSL_CERT_FILE"] = server.certificate();
  EXPECT_TRUE(trusted(by_variable).ok());

  const auto refused = trusted({});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().fault, Fault::kPermanent) << refused.error().message;
  EXPECT_THAT(refused.error().message, HasSubstr("certificate"));
}

}  // namespace
}  // namespace rayctl
