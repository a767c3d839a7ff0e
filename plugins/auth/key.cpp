#include "key.hpp"

#include <utility>

#include <cjose/jwk.h>
#include <cjose/jws.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "streamhost/status.hpp"

namespace auth {

using streamhost::Failure;

namespace {

constexpr std::size_t kCoordinateBytes = 32;
constexpr std::string_view kPrivate = "PRIVATE KEY-----";

template <auto Function>
struct Free {
    template <typename Object>
    void operator()(Object* object) const noexcept {
        Function(object);
    }
};
using Bio = std::unique_ptr<BIO, Free<BIO_free>>;
using PublicKey = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Number = std::unique_ptr<BIGNUM, Free<BN_free>>;
using Header = std::unique_ptr<cjose_header_t, Free<cjose_header_release>>;
using Jws = std::unique_ptr<cjose_jws_t, Free<cjose_jws_release>>;

// cjose wants them changeable and does not change them.
std::uint8_t* raw(std::string& text) { return reinterpret_cast<std::uint8_t*>(text.data()); }

[[noreturn]] void refuse(const std::string& why) {
    ERR_clear_error();  // the next one on this thread is not to find ours
    throw Failure(SH_INVALID, why);
}

std::string number_of(const EVP_PKEY* key, const char* name, std::size_t bytes = 0) {
    BIGNUM* found = nullptr;
    if (EVP_PKEY_get_bn_param(key, name, &found) != 1) refuse("the key cannot be read");
    const Number number(found);
    std::string out(bytes == 0 ? static_cast<std::size_t>(BN_num_bytes(found)) : bytes, '\0');
    if (BN_bn2binpad(found, raw(out), static_cast<int>(out.size())) < 0) refuse("the key cannot be read");
    return out;
}

int bits_of(const std::string& number) {
    const Number value(BN_bin2bn(reinterpret_cast<const unsigned char*>(number.data()),
                                 static_cast<int>(number.size()), nullptr));
    return value == nullptr ? 0 : BN_num_bits(value.get());
}

}  // namespace

Digest digest_of(std::string_view text) {
    Digest out{};
    if (EVP_Digest(text.data(), text.size(), out.data(), nullptr, EVP_sha256(), nullptr) != 1)
        throw Failure(SH_INTERNAL, "SHA-256 is not to be had");
    return out;
}

std::string hex_of(const Digest& digest, std::size_t bytes) {
    std::string out;
    for (std::size_t index = 0; index < bytes; ++index) {
        out += "0123456789abcdef"[digest[index] >> 4];
        out += "0123456789abcdef"[digest[index] & 15U];
    }
    return out;
}

void Key::Release::operator()(_cjose_jwk_int* key) const noexcept { cjose_jwk_release(key); }

Key::Key(std::string id, Algorithm algorithm, std::size_t signature_bytes, std::string_view material, Raw raw)
    : id_(std::move(id)),
      algorithm_(algorithm),
      signature_bytes_(signature_bytes),
      fingerprint_(digest_of(std::string(name_of(algorithm)) + std::string(material))),
      raw_(std::move(raw)) {
    if (id_.empty() || id_.size() > kMaxKeyIdBytes) refuse("a key's id is 1 to 256 bytes");
}

KeyPtr Key::from_secret(std::string id, std::string_view secret) {
    if (secret.size() < kMinSecretBytes)
        refuse("a secret needs at least 32 bytes, this one has " + std::to_string(secret.size()) +
               "; make one with: openssl rand -hex 32");
    Raw made(cjose_jwk_create_oct_spec(reinterpret_cast<const std::uint8_t*>(secret.data()), secret.size(),
                                       nullptr));
    if (made == nullptr) refuse("the secret is not accepted");
    return KeyPtr(new Key(std::move(id), Algorithm::kHs256, digest_of("").size(), secret, std::move(made)));
}

KeyPtr Key::from_rsa(std::string id, std::string modulus, std::string exponent) {
    if (bits_of(modulus) < kMinRsaBits) refuse("an RSA key needs at least 2048 bits");
    if (bits_of(exponent) < 2 || (exponent.back() & 1) == 0) refuse("the RSA key's exponent cannot be");
    cjose_jwk_rsa_keyspec spec{};
    spec.n = raw(modulus);
    spec.nlen = modulus.size();
    spec.e = raw(exponent);
    spec.elen = exponent.size();
    Raw made(cjose_jwk_create_RSA_spec(&spec, nullptr));
    if (made == nullptr) refuse("the RSA key is not accepted");
    const auto bytes = static_cast<std::size_t>((bits_of(modulus) + 7) / 8);
    return KeyPtr(
        new Key(std::move(id), Algorithm::kRs256, bytes, modulus + '/' + exponent, std::move(made)));
}

KeyPtr Key::from_point(std::string id, std::string x, std::string y) {
    if (x.size() != kCoordinateBytes || y.size() != kCoordinateBytes)
        refuse("ES256 needs a key on the curve P-256");
    cjose_jwk_ec_keyspec spec{};
    spec.crv = CJOSE_JWK_EC_P_256;
    spec.x = raw(x);
    spec.xlen = x.size();
    spec.y = raw(y);
    spec.ylen = y.size();
    Raw made(cjose_jwk_create_EC_spec(&spec, nullptr));
    if (made == nullptr) refuse("the key is no point of the curve P-256");
    return KeyPtr(new Key(std::move(id), Algorithm::kEs256, 2 * kCoordinateBytes, x + y, std::move(made)));
}

KeyPtr Key::from_pem(std::string id, Algorithm algorithm, std::string_view pem) {
    if (pem.find(kPrivate) != std::string_view::npos)
        refuse(
            "this is a private key, which has no business here; write its public one with: "
            "openssl pkey -in KEY -pubout");
    const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    const PublicKey key(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
    if (key == nullptr) refuse("this is no public key in PEM (-----BEGIN PUBLIC KEY-----)");
    if (algorithm == Algorithm::kRs256) {
        if (EVP_PKEY_is_a(key.get(), "RSA") != 1) refuse("RS256 needs an RSA key");
        return from_rsa(std::move(id), number_of(key.get(), OSSL_PKEY_PARAM_RSA_N),
                        number_of(key.get(), OSSL_PKEY_PARAM_RSA_E));
    }
    char group[64] = {};
    std::size_t size = 0;
    if (EVP_PKEY_is_a(key.get(), "EC") != 1 ||
        EVP_PKEY_get_group_name(key.get(), group, sizeof(group), &size) != 1 ||
        std::string_view(group, size) != "prime256v1")
        refuse("ES256 needs a key on the curve P-256");
    return from_point(std::move(id), number_of(key.get(), OSSL_PKEY_PARAM_EC_PUB_X, kCoordinateBytes),
                      number_of(key.get(), OSSL_PKEY_PARAM_EC_PUB_Y, kCoordinateBytes));
}

bool Key::verifies(const Token& token, std::string_view text) const {
    if (token.algorithm != algorithm_ || token.signature_bytes != signature_bytes_) return false;
    cjose_err error{};
    const Jws jws(cjose_jws_import(text.data(), text.size(), &error));
    if (jws == nullptr) return false;
    // cjose reads the header by itself: what it found must be what was checked.
    const char* algorithm = cjose_header_get(cjose_jws_get_protected(jws.get()), CJOSE_HDR_ALG, &error);
    const bool is_right = algorithm != nullptr && name_of(algorithm_) == algorithm &&
                          cjose_jws_verify(jws.get(), raw_.get(), &error);
    if (!is_right) ERR_clear_error();
    return is_right;
}

std::string Key::sign(std::string_view payload) const {
    if (algorithm_ != Algorithm::kHs256) throw Failure(SH_UNSUPPORTED, "only a secret can sign");
    cjose_err error{};
    const Header header(cjose_header_new(&error));
    const bool is_set = header != nullptr && cjose_header_set(header.get(), CJOSE_HDR_ALG, "HS256", &error) &&
                        cjose_header_set(header.get(), CJOSE_HDR_KID, id_.c_str(), &error);
    const Jws jws(is_set ? cjose_jws_sign(raw_.get(), header.get(),
                                          reinterpret_cast<const std::uint8_t*>(payload.data()),
                                          payload.size(), &error)
                         : nullptr);
    const char* text = nullptr;  // lives as long as jws
    if (jws == nullptr || !cjose_jws_export(jws.get(), &text, &error))
        throw Failure(SH_INTERNAL, "a token could not be signed");
    return text;
}

}  // namespace auth
