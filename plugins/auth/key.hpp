// One key that tokens are signed with, and the only place that knows the library for signatures (cjose).
//
// A key has one algorithm for its life: what verifies with RS256 is never the secret of an HS256. cjose
// trusts its caller with the length of a signature (it compares an HMAC before it looks how long it is), so
// that is checked here against the key. Immutable once made, shared by any threads. [any]
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "token.hpp"

struct _cjose_jwk_int;

namespace auth {

using Digest = std::array<unsigned char, 32>;
// SHA-256.
[[nodiscard]] Digest digest_of(std::string_view text);
// Of its first `bytes`.
[[nodiscard]] std::string hex_of(const Digest& digest, std::size_t bytes);

inline constexpr std::size_t kMinSecretBytes = 32;  // RFC 7518, 3.2
inline constexpr int kMinRsaBits = 2048;            // RFC 7518, 3.3

class Key;
using KeyPtr = std::shared_ptr<const Key>;

class Key {
public:
    // All throw Failure(SH_INVALID) with what is wrong with the key, never with what stands in it.
    [[nodiscard]] static KeyPtr from_secret(std::string id, std::string_view secret);
    // A PEM with one public key.
    [[nodiscard]] static KeyPtr from_pem(std::string id, Algorithm algorithm, std::string_view pem);
    // Big-endian numbers, as a JWK has them.
    [[nodiscard]] static KeyPtr from_rsa(std::string id, std::string modulus, std::string exponent);
    [[nodiscard]] static KeyPtr from_point(std::string id, std::string x, std::string y);  // on P-256

    Key(const Key&) = delete;
    Key& operator=(const Key&) = delete;

    [[nodiscard]] const std::string& id() const noexcept { return id_; }
    [[nodiscard]] Algorithm algorithm() const noexcept { return algorithm_; }
    // Same for the same key, whatever its id. Not to be shown: it is made of a secret.
    [[nodiscard]] const Digest& fingerprint() const noexcept { return fingerprint_; }

    // Whether this key signed `text`, which is what `token` was read from.
    [[nodiscard]] bool verifies(const Token& token, std::string_view text) const;
    // The compact form, with this key's id in its header. A secret only, else Failure(SH_UNSUPPORTED).
    [[nodiscard]] std::string sign(std::string_view payload) const;

private:
    struct Release {
        void operator()(_cjose_jwk_int* key) const noexcept;
    };
    using Raw = std::unique_ptr<_cjose_jwk_int, Release>;
    Key(std::string id, Algorithm algorithm, std::size_t signature_bytes, std::string_view material, Raw raw);

    std::string id_;
    Algorithm algorithm_;
    std::size_t signature_bytes_;
    Digest fingerprint_;
    Raw raw_;
};

}  // namespace auth
