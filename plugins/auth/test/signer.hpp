// Real keys and tokens for tests, made by OpenSSL alone: the other opinion to what the plugin verifies with.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "key.hpp"

namespace auth::testing {

inline constexpr std::string_view kSecret = "0123456789abcdef0123456789abcdef";
inline constexpr std::int64_t kNow = 1'700'000'000'000;

inline std::string encode(std::string_view text) {
    static constexpr std::string_view kLetters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string out;
    std::uint32_t bits = 0;
    unsigned held = 0;
    for (const char byte : text) {
        bits = (bits << 8) | static_cast<unsigned char>(byte);
        for (held += 8; held >= 6; held -= 6)
            out += kLetters[(bits >> (held - 6)) & 63U];
    }
    if (held > 0) out += kLetters[(bits << (6 - held)) & 63U];
    return out;
}

inline std::string hmac(std::string_view secret, std::string_view text) {
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), out, &size);
    return {reinterpret_cast<const char*>(out), size};
}

inline std::string in_parts(std::string_view header, std::string_view payload) {
    return encode(header) + '.' + encode(payload);
}
inline std::string hs256(std::string_view header, std::string_view payload,
                         std::string_view secret = kSecret) {
    const std::string text = in_parts(header, payload);
    return text + '.' + encode(hmac(secret, text));
}
inline std::string hs256_of(std::string_view payload, std::string_view kid = "h") {
    return hs256("{\"alg\":\"HS256\",\"kid\":\"" + std::string(kid) + "\"}", payload);
}

class PrivateKey {
public:
    static PrivateKey rsa(unsigned bits = 2048) { return PrivateKey(EVP_RSA_gen(bits)); }
    static PrivateKey ec(const char* curve = "P-256") { return PrivateKey(EVP_EC_gen(curve)); }

    [[nodiscard]] std::string public_pem() const {
        return written([this](BIO* bio) { PEM_write_bio_PUBKEY(bio, key_.get()); });
    }
    [[nodiscard]] std::string private_pem() const {
        return written([this](BIO* bio) {
            PEM_write_bio_PrivateKey(bio, key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
        });
    }
    // A number of the key for a JWK, in base64url.
    [[nodiscard]] std::string number(const char* name, int bytes = 0) const {
        BIGNUM* found = nullptr;
        EVP_PKEY_get_bn_param(key_.get(), name, &found);
        std::string out(static_cast<std::size_t>(bytes == 0 ? BN_num_bytes(found) : bytes), '\0');
        BN_bn2binpad(found, reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(out.size()));
        BN_free(found);
        return encode(out);
    }
    [[nodiscard]] std::string rsa_jwk(const std::string& more) const {
        return R"({"kty":"RSA","n":")" + number(OSSL_PKEY_PARAM_RSA_N) + R"(","e":")" +
               number(OSSL_PKEY_PARAM_RSA_E) + '"' + more + '}';
    }
    [[nodiscard]] std::string ec_jwk(const std::string& more) const {
        return R"({"kty":"EC","crv":"P-256","x":")" + number(OSSL_PKEY_PARAM_EC_PUB_X, 32) + R"(","y":")" +
               number(OSSL_PKEY_PARAM_EC_PUB_Y, 32) + '"' + more + '}';
    }
    // SHA-256 in all of our algorithms; ECDSA as r and s in a row, as JWS wants it.
    [[nodiscard]] std::string token(std::string_view header, std::string_view payload) const {
        const std::string text = in_parts(header, payload);
        std::string signature = sign(text);
        if (EVP_PKEY_is_a(key_.get(), "EC") == 1) signature = flat(signature);
        return text + '.' + encode(signature);
    }

private:
    explicit PrivateKey(EVP_PKEY* key) : key_(key, EVP_PKEY_free) {}
    template <typename Body>
    static std::string written(Body&& body) {
        const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), BIO_free);
        body(bio.get());
        char* data = nullptr;
        const long size = BIO_get_mem_data(bio.get(), &data);
        return {data, static_cast<std::size_t>(size)};
    }
    [[nodiscard]] std::string sign(const std::string& text) const {
        const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                              EVP_MD_CTX_free);
        EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get());
        std::size_t size = 0;
        const auto* data = reinterpret_cast<const unsigned char*>(text.data());
        EVP_DigestSign(context.get(), nullptr, &size, data, text.size());
        std::string out(size, '\0');
        EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, data, text.size());
        out.resize(size);
        return out;
    }
    static std::string flat(const std::string& der) {
        const auto* data = reinterpret_cast<const unsigned char*>(der.data());
        ECDSA_SIG* pair = d2i_ECDSA_SIG(nullptr, &data, static_cast<long>(der.size()));
        std::string out(64, '\0');
        auto* to = reinterpret_cast<unsigned char*>(out.data());
        BN_bn2binpad(ECDSA_SIG_get0_r(pair), to, 32);
        BN_bn2binpad(ECDSA_SIG_get0_s(pair), to + 32, 32);
        ECDSA_SIG_free(pair);
        return out;
    }
    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
};

// Made once: an RSA key takes a while.
inline const PrivateKey& rsa_key() {
    static const PrivateKey key = PrivateKey::rsa();
    return key;
}
inline const PrivateKey& ec_key() {
    static const PrivateKey key = PrivateKey::ec();
    return key;
}

}  // namespace auth::testing
