#include "store/chain.hpp"

#include <charconv>
#include <memory>
#include <new>

#include <openssl/evp.h>

namespace streamhost::store {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::size_t kCheckDigits = 16;

void write_hex(std::uint64_t value, char* to) {
    for (std::size_t i = kCheckDigits; i-- > 0; value >>= 4)
        to[i] = kHex[value & 15];
}

// OpenSSL 3 looks an algorithm up by name on each one-shot call, which costs more than hashing 100 bytes:
// fetch once, keep a context per thread.
class Sha1 {
public:
    Sha1() : algorithm_(EVP_MD_fetch(nullptr, "SHA1", nullptr)), context_(EVP_MD_CTX_new()) {
        if (!algorithm_ || !context_) throw std::bad_alloc();
    }

    std::uint64_t first_8_bytes(std::string_view head, std::string_view tail) {
        unsigned char digest[EVP_MAX_MD_SIZE];
        const bool done = EVP_DigestInit_ex2(context_.get(), algorithm_.get(), nullptr) == 1 &&
                          EVP_DigestUpdate(context_.get(), head.data(), head.size()) == 1 &&
                          EVP_DigestUpdate(context_.get(), tail.data(), tail.size()) == 1 &&
                          EVP_DigestFinal_ex(context_.get(), digest, nullptr) == 1;
        if (!done) throw std::bad_alloc();
        std::uint64_t value = 0;
        for (int i = 0; i < 8; ++i)
            value = value << 8 | digest[i];
        return value;
    }

private:
    struct Free {
        void operator()(EVP_MD* p) const { EVP_MD_free(p); }
        void operator()(EVP_MD_CTX* p) const { EVP_MD_CTX_free(p); }
    };
    std::unique_ptr<EVP_MD, Free> algorithm_;
    std::unique_ptr<EVP_MD_CTX, Free> context_;
};

std::optional<std::uint64_t> parse_hex16(std::string_view text) noexcept {
    if (text.size() != kCheckDigits) return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : text) {
        const std::size_t digit = kHex.find(c);
        if (digit == std::string_view::npos) return std::nullopt;
        value = value << 4 | digit;
    }
    return value;
}

}  // namespace

std::uint64_t next_check(std::uint64_t prev, Type type, std::string_view data) {
    thread_local Sha1 sha1;
    char head[kCheckDigits + 1];
    write_hex(prev, head);
    head[kCheckDigits] = static_cast<char>(type);
    return sha1.first_8_bytes({head, sizeof head}, data);
}

Position chain(Position from, std::span<Record> records) {
    for (Record& record : records) {
        record.seq = from.seq + 1;
        record.prev = from.check;
        record.check = next_check(record.prev, record.type, record.data.view());
        from = {record.seq, record.check};
    }
    return from;
}

std::string check_text(std::uint64_t check) {
    std::string text(kCheckDigits, '0');
    write_hex(check, text.data());
    return text;
}

std::string to_text(Position position) {
    if (position.seq == 0) return "0";
    return std::to_string(position.seq) + '.' + check_text(position.check);
}

std::optional<Position> parse_position(std::string_view text) noexcept {
    if (text == "0") return Position{};
    const auto dot = text.find('.');
    if (dot == std::string_view::npos || dot == 0 || text[0] == '0') return std::nullopt;
    Position position;
    const auto [end, error] = std::from_chars(text.data(), text.data() + dot, position.seq);
    if (error != std::errc{} || end != text.data() + dot || position.seq > kMaxSeq) return std::nullopt;
    const auto check = parse_hex16(text.substr(dot + 1));
    if (!check) return std::nullopt;
    position.check = *check;
    return position;
}

}  // namespace streamhost::store
