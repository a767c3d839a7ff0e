#include "ids.hpp"

#include <array>

#include <openssl/evp.h>

#include "streamhost/random.hpp"

namespace chat {

using streamhost::Failure;

std::string run_id(std::string_view session) { return std::string(session) + "." + streamhost::random_id(); }

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
