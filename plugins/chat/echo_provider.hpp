// Streams back what it was sent, word by word: the provider that is always there, for a first try and for
// tests of everything around it.
#pragma once

#include "provider.hpp"

namespace chat {

// The first word of `text` with the white space that follows it (and white space that precedes it, at the
// very beginning): the words of a text joined are the text.
[[nodiscard]] std::string_view first_word(std::string_view text) noexcept;

class EchoProvider : public Provider {
public:
    explicit EchoProvider(std::uint32_t delay_ms) : delay_ms_(delay_ms) {}

    // usage: words as tokens. `data` comes back as one part: an object as it is, since entries are
    // objects, anything else as {"kind":"part","data":...}.
    // Goes on behind the words of the prefix.
    [[nodiscard]] Verdict produce(const Prompt& prompt, Sink& sink, StopSignal& stop) override;
    [[nodiscard]] bool wants_context() const noexcept override { return false; }
    [[nodiscard]] std::uint32_t total_timeout_ms() const noexcept override { return 3'600'000; }

private:
    std::uint32_t delay_ms_;  // before each word
};

}  // namespace chat
