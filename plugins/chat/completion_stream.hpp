// What the events of a chat completion mean: text, how it ended, what it cost. Pure. [worker]
#pragma once

#include <string>
#include <string_view>

#include "provider.hpp"
#include "surrogate_carry.hpp"

namespace chat {

class CompletionStream {
public:
    enum class State : std::uint8_t { open, done, failed };

    // The data of one event; appends its text to `text`.
    State take(std::string_view data, std::string& text);
    // How the answer stands when nothing more comes. An answer that said why it finished is complete, also
    // without its [DONE]; anything else was cut.
    [[nodiscard]] Verdict verdict() const;
    [[nodiscard]] State state() const noexcept { return state_; }

private:
    State fail(std::string_view code, std::string_view message);

    State state_ = State::open;
    SurrogateCarry halves_;
    std::string finish_reason_;
    std::string usage_;  // members, without braces
    std::string code_;
    std::string message_;
};

}  // namespace chat
