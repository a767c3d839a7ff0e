#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace streamhost::redis {

// One word of a command: bytes, whatever is in them.
inline void append_head(std::string& out, char type, std::int64_t number) {
    char line[24];
    line[0] = type;
    const auto stop = std::to_chars(line + 1, line + sizeof(line), number).ptr;
    out.append(line, static_cast<std::size_t>(stop - line)).append("\r\n");
}
inline void append_word(std::string& out, std::string_view text) {
    append_head(out, '$', static_cast<std::int64_t>(text.size()));
    out.append(text).append("\r\n");
}
inline void append_word(std::string& out, std::integral auto number) {
    char digits[24];
    const auto stop = std::to_chars(digits, digits + sizeof(digits), number).ptr;
    append_word(out, std::string_view(digits, static_cast<std::size_t>(stop - digits)));
}

// Commands as servers read them: an array of texts (RESP2, which every server takes). Appends to `out`, which
// is what a connection sends next.
class CommandWriter {
public:
    CommandWriter(std::string& out, std::uint32_t words) : out_(out) { append_head(out, '*', words); }

    void word(std::string_view text) { append_word(out_, text); }
    void word(std::integral auto number) { append_word(out_, number); }

private:
    std::string& out_;
};

// write_command(out, "SET", key, value, "PX", 1000)
template <typename... Words>
void write_command(std::string& out, const Words&... words) {
    CommandWriter writer(out, sizeof...(Words));
    (writer.word(words), ...);
}

}  // namespace streamhost::redis
