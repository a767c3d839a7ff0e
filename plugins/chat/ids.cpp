#include "ids.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "streamhost/status.hpp"

namespace chat {

using streamhost::Failure;

std::string random_id() {
    static constexpr std::string_view kDigits = "abcdefghijklmnopqrstuvwxyz234567";
    std::array<unsigned char, 16> random{};  // 5 bits of each are used
    if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1)
        throw Failure(SH_UNAVAILABLE, "the system has no random numbers");
    std::string id(random.size(), '\0');
    std::transform(random.begin(), random.end(), id.begin(),
                   [](unsigned char byte) { return kDigits[byte & 31u]; });
    return id;
}

std::string run_id(std::string_view session) { return std::string(session) + "." + random_id(); }

std::string sha256_hex(std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
        throw Failure(SH_INTERNAL, "SHA-256 failed");
    std::string hex;
    for (unsigned int index = 0; index < size; ++index) {
        hex += "0123456789abcdef"[digest[index] >> 4u];
        hex += "0123456789abcdef"[digest[index] & 15u];
    }
    return hex;
}

}  // namespace chat
