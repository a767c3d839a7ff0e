#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "redis/command.hpp"
#include "redis/driver/script.hpp"

namespace streamhost::redis {

// One call as it is put together: a script with its keys and arguments, encoded as they are given.
class Call {
public:
    explicit Call(const Script& script) : script_(&script) {}

    // All keys before the first argument.
    Call& key(std::string_view name) {
        ++keys_;
        append_word(words_, name);
        keys_size_ = words_.size();
        return *this;
    }
    Call& arg(std::string_view text) {
        ++args_;
        append_word(words_, text);
        return *this;
    }
    Call& arg(std::integral auto number) {
        ++args_;
        append_word(words_, number);
        return *this;
    }

    // One argument of a write whose place the store decides (to a shared stream, or an end that is not its
    // producer's), which may be set anew; at most once in a call. Either the entry that must be there before
    // it is written, or, of a shared stream once it was: as what it was acknowledged.
    Call& floor(std::uint64_t number) { return set_floor(std::to_string(number)); }
    Call& acknowledged_as(std::uint64_t last, std::string_view check) {
        return set_floor('=' + std::to_string(last) + '|' + std::string(check));
    }
    // After acknowledged_as(): it only asks whether it is there, and writes nothing.
    Call& only_ask() {
        if (!floor_.empty()) floor_.front() = '?';
        return *this;
    }

    // One argument of two parts.
    Call& arg(std::string_view front, std::string_view back) {
        ++args_;
        append_head(words_, '$', static_cast<std::int64_t>(front.size() + back.size()));
        words_.append(front).append(back).append("\r\n");
        return *this;
    }

    [[nodiscard]] const Script& script() const noexcept { return *script_; }
    // What it is about, for key_names(). Empty without keys; as long as nothing is added.
    [[nodiscard]] std::string_view key_words() const noexcept {
        return std::string_view(words_).substr(0, keys_size_);
    }
    // What keeping it costs, about.
    [[nodiscard]] std::size_t bytes() const noexcept { return sizeof(Call) + words_.size(); }
    // By its hash, which a server that lost its scripts answers with NOSCRIPT; with its text, never.
    [[nodiscard]] std::string by_hash() const { return encode("EVALSHA", script_->sha1); }
    [[nodiscard]] std::string by_text() const { return encode("EVAL", script_->text); }

private:
    Call& set_floor(std::string text) {
        if (floor_at_ == kNowhere) {
            ++args_;
            floor_at_ = words_.size();
        }
        floor_ = std::move(text);
        return *this;
    }
    [[nodiscard]] std::string encode(std::string_view verb, std::string_view script) const {
        std::string command;
        command.reserve(words_.size() + script.size() + 64);
        append_head(command, '*', 3 + keys_ + args_);
        append_word(command, verb);
        append_word(command, script);
        append_word(command, keys_);
        if (floor_at_ == kNowhere) return command.append(words_);
        command.append(words_, 0, floor_at_);
        append_word(command, floor_);
        return command.append(words_, floor_at_);
    }

    static constexpr std::size_t kNowhere = SIZE_MAX;

    const Script* script_;
    std::uint32_t keys_ = 0;
    std::uint32_t args_ = 0;
    std::string words_;
    std::size_t keys_size_ = 0;  // of words_
    std::size_t floor_at_ = kNowhere;
    std::string floor_;
};

// "first, second" of what Call::key_words() gave.
inline std::string key_names(std::string_view words) {
    std::string names;
    while (!words.empty()) {
        std::size_t size = 0;
        const char* const head = std::from_chars(words.data() + 1, words.data() + words.size(), size).ptr;
        words.remove_prefix(static_cast<std::size_t>(head - words.data()) + 2);
        if (!names.empty()) names.append(", ");
        names.append(words.substr(0, size));
        words.remove_prefix(size + 2);
    }
    return names;
}

}  // namespace streamhost::redis
