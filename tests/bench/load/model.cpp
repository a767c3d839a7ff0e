#include "model.hpp"

#include <algorithm>
#include <utility>

#include <openssl/evp.h>

#include "failure.hpp"
#include "text.hpp"

namespace streamhost::load {

// Fetching SHA-1 by name costs more than hashing an entry.
struct StreamModel::Digest {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    ~Digest() { EVP_MD_CTX_free(context); }
    static const EVP_MD* sha1() {
        static const EVP_MD* const kType = EVP_MD_fetch(nullptr, "SHA1", nullptr);
        return kType;
    }
};

StreamModel::StreamModel(std::string id, std::uint64_t number, std::size_t entry_bytes)
    : id_(std::move(id)),
      number_(number),
      text_(std::max(entry_bytes, kLeastTextBytes), ' '),
      digest_(std::make_unique<Digest>()),
      checks_(1) {
    checks_[0].fill('0');
}

StreamModel::~StreamModel() = default;

std::string_view StreamModel::text(std::uint64_t seq) {
    write_text(text_, number_, seq);
    return text_;
}

StreamModel::Check StreamModel::next(std::string_view before, char letter, std::string_view data) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    EVP_MD_CTX* const context = digest_->context;
    if (EVP_DigestInit_ex(context, Digest::sha1(), nullptr) != 1 ||
        EVP_DigestUpdate(context, before.data(), before.size()) != 1 ||
        EVP_DigestUpdate(context, &letter, 1) != 1 ||
        EVP_DigestUpdate(context, data.data(), data.size()) != 1 ||
        EVP_DigestFinal_ex(context, digest.data(), nullptr) != 1)
        throw Failure("no SHA-1 here");
    constexpr std::string_view kHex = "0123456789abcdef";
    Check check;
    for (std::size_t index = 0; index < check.size(); ++index)
        check[index] = kHex[index % 2 == 0 ? digest[index / 2] >> 4 : digest[index / 2] & 15];
    return check;
}

std::string_view StreamModel::check(std::uint64_t seq) {
    while (checks_.size() <= seq) {
        const std::string_view before(checks_.back().data(), checks_.back().size());
        checks_.push_back(next(before, 't', text(checks_.size())));
    }
    const Check& found = checks_[static_cast<std::size_t>(seq)];
    return {found.data(), found.size()};
}

std::string_view StreamModel::end_check(std::uint64_t last_seq) {
    end_ = next(check(last_seq), 'e', R"("outcome":"complete")");
    return {end_.data(), end_.size()};
}

namespace {

[[noreturn]] void fail(const StreamModel& model, const std::string& what) {
    throw Failure("stream " + model.id() + ": " + what);
}

}  // namespace

std::uint64_t Position::take(StreamModel& model, std::uint64_t from, std::uint64_t seq,
                             std::string_view check, std::string_view delta) {
    if (from != last_ + 1 || seq < from || has_ended_)
        fail(model, "entries " + std::to_string(from) + " to " + std::to_string(seq) + " after " +
                        std::to_string(last_));
    const std::uint64_t count = seq - from + 1;
    const std::size_t size = model.entry_bytes();
    if (delta.size() != size * count) fail(model, "text of another length at " + std::to_string(seq));
    for (std::uint64_t index = 0; index < count; ++index) {
        if (delta.substr(static_cast<std::size_t>(index) * size, size) != model.text(from + index))
            fail(model, "another text at " + std::to_string(from + index) + ": " + std::string(delta));
    }
    if (check != model.check(seq)) fail(model, "another check at " + std::to_string(seq));
    last_ = seq;
    return count;
}

void Position::take_snapshot(StreamModel& model, std::uint64_t seq, std::string_view check,
                             std::string_view text) {
    last_ = 0;
    take(model, 1, seq, check, text);
}

void Position::take_end(StreamModel& model, std::uint64_t seq, std::string_view check,
                        std::string_view outcome) {
    if (seq != last_ + 1 || has_ended_)
        fail(model, "the end at " + std::to_string(seq) + " after " + std::to_string(last_));
    if (outcome != "complete") fail(model, "the outcome " + std::string(outcome));
    if (check != model.end_check(last_)) fail(model, "another check at the end");
    has_ended_ = true;
}

}  // namespace streamhost::load
