// A certificate that signs itself, and its key, as PEM files that are gone with it.
#pragma once

#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>

#include <Poco/TemporaryFile.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace chat::testing {

class Certificate {
public:
    // `name` as in an extension: "DNS:localhost".
    explicit Certificate(const std::string& name) {
        const Key key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
        const Cert cert(X509_new(), &X509_free);
        must(key != nullptr && cert != nullptr && X509_set_version(cert.get(), 2) == 1);
        must(ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), 1) == 1);
        must(X509_gmtime_adj(X509_getm_notBefore(cert.get()), -60) != nullptr);
        must(X509_gmtime_adj(X509_getm_notAfter(cert.get()), 3'600) != nullptr);
        X509_NAME* subject = X509_get_subject_name(cert.get());
        const auto* text = reinterpret_cast<const unsigned char*>("streamhost test");
        must(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, text, -1, -1, 0) == 1);
        must(X509_set_issuer_name(cert.get(), subject) == 1);
        extend(cert.get(), NID_basic_constraints, "critical,CA:TRUE");
        extend(cert.get(), NID_subject_alt_name, name);
        must(X509_set_pubkey(cert.get(), key.get()) == 1);
        must(X509_sign(cert.get(), key.get(), EVP_sha256()) > 0);
        write(key_.path(), [&](std::FILE* to) {
            return PEM_write_PrivateKey(to, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
        });
        write(file_.path(), [&](std::FILE* to) { return PEM_write_X509(to, cert.get()); });
    }

    [[nodiscard]] const std::string& file() const { return file_.path(); }
    [[nodiscard]] const std::string& key_file() const { return key_.path(); }

private:
    using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
    using Cert = std::unique_ptr<X509, decltype(&X509_free)>;

    static void must(bool worked) {
        if (!worked) throw std::runtime_error("OpenSSL makes no certificate");
    }
    static void extend(X509* cert, int what, const std::string& value) {
        const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
            X509V3_EXT_conf_nid(nullptr, nullptr, what, value.c_str()), &X509_EXTENSION_free);
        must(extension != nullptr && X509_add_ext(cert, extension.get(), -1) == 1);
    }
    template <typename Body>
    static void write(const std::string& path, Body&& body) {
        const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "w"),
                                                                   &std::fclose);
        must(file != nullptr && body(file.get()) == 1);
    }

    Poco::TemporaryFile file_;
    Poco::TemporaryFile key_;
};

}  // namespace chat::testing
