#include "echo_provider.hpp"

#include <chrono>

namespace chat {

namespace {

constexpr std::string_view kSpace = " \t\r\n\f\v";

std::string usage_of(std::size_t words) {
    const std::string count = std::to_string(words);
    return R"({"prompt_tokens":)" + count + R"(,"completion_tokens":)" + count + R"(,"total_tokens":)" +
           std::to_string(2 * words) + "}";
}

std::size_t count_words(std::string_view text) {
    std::size_t words = 0;
    for (; !text.empty(); ++words)
        text.remove_prefix(first_word(text).size());
    return words;
}

std::string part_of(const std::string& json) {
    return json.front() == '{' ? json : R"({"kind":"part","data":)" + json + "}";
}

}  // namespace

std::string_view first_word(std::string_view text) noexcept {
    const std::size_t word = text.find_first_not_of(kSpace);
    if (word == std::string_view::npos) return text;
    const std::size_t space = text.find_first_of(kSpace, word);
    if (space == std::string_view::npos) return text;
    return text.substr(0, text.find_first_not_of(kSpace, space));
}

Verdict EchoProvider::produce(const Prompt& prompt, Sink& sink, StopSignal& stop) {
    const std::chrono::milliseconds delay(delay_ms_);
    if (prompt.is_data) {
        if (prompt.prefix_parts > 0) return {.usage = usage_of(1)};
        if (stop.wait_for(delay) || !sink.part(part_of(prompt.content))) return {};
        return {.usage = usage_of(1)};
    }
    const std::string_view all = prompt.content;
    if (!all.starts_with(prompt.prefix))
        return {.code = "internal", .message = "What is there already is no beginning of the echo."};
    for (std::string_view rest = all.substr(prompt.prefix.size()); !rest.empty();) {
        const std::string_view word = first_word(rest);
        if (stop.wait_for(delay) || !sink.text(word)) return {};
        rest.remove_prefix(word.size());
    }
    return {.usage = usage_of(count_words(all))};
}

}  // namespace chat
