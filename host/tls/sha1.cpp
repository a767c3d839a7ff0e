#include "tls/sha1.hpp"

#include <memory>
#include <new>

#include <openssl/evp.h>

namespace streamhost::tls {
namespace {

// OpenSSL 3 looks an algorithm up by name on each one-shot call, which costs more than hashing 100 bytes:
// fetch once, keep a context per thread.
class Sha1 {
public:
    Sha1() : algorithm_(EVP_MD_fetch(nullptr, "SHA1", nullptr)), context_(EVP_MD_CTX_new()) {
        if (!algorithm_ || !context_) throw std::bad_alloc();
    }

    std::array<std::uint8_t, 20> of(std::string_view head, std::string_view tail) {
        std::array<std::uint8_t, 20> digest;
        const bool done = EVP_DigestInit_ex2(context_.get(), algorithm_.get(), nullptr) == 1 &&
                          EVP_DigestUpdate(context_.get(), head.data(), head.size()) == 1 &&
                          EVP_DigestUpdate(context_.get(), tail.data(), tail.size()) == 1 &&
                          EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) == 1;
        if (!done) throw std::bad_alloc();
        return digest;
    }

private:
    struct Free {
        void operator()(EVP_MD* p) const { EVP_MD_free(p); }
        void operator()(EVP_MD_CTX* p) const { EVP_MD_CTX_free(p); }
    };
    std::unique_ptr<EVP_MD, Free> algorithm_;
    std::unique_ptr<EVP_MD_CTX, Free> context_;
};

}  // namespace

std::array<std::uint8_t, 20> sha1(std::string_view head, std::string_view tail) {
    thread_local Sha1 of_thread;
    return of_thread.of(head, tail);
}

}  // namespace streamhost::tls
