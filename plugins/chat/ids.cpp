#include "ids.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "streamhost/status.hpp"

namespace chat {

using streamhost::Failure;

namespace {

bool is_id_char(char byte) noexcept {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           byte == '_' || byte == '-';
}

}  // namespace

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

bool is_session_id(std::string_view id) noexcept {
    return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), is_id_char);
}

bool is_run_id(std::string_view id) noexcept {
    const std::string_view local = local_of(id);
    return id.size() <= 128 && is_session_id(home_of(id)) && !local.empty() &&
           std::all_of(local.begin(), local.end(), [](char byte) { return byte == '.' || is_id_char(byte); });
}

std::string_view home_of(std::string_view run) noexcept { return run.substr(0, run.find('.')); }

std::string_view local_of(std::string_view run) noexcept {
    const std::size_t dot = run.find('.');
    return dot == std::string_view::npos ? std::string_view() : run.substr(dot + 1);
}

}  // namespace chat
