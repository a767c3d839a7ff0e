#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace streamhost::load {

// The frames of protocol version 1 (docs/protocol.md) that a load generator sends and meets.

enum class FrameType : std::uint8_t {
    kWelcome = 1,
    kSubscribed,
    kCaughtUp,
    kChunk,
    kEnd,
    kAppended,
    kClaimed,
    kError,
    kOther
};

// Views live until the next read().
struct ServerFrame {
    FrameType type = FrameType::kOther;
    std::string_view type_name;
    std::string_view stream;
    std::string_view check;
    std::string_view delta;    // of a chunk's data
    std::string_view outcome;  // of an end
    std::string_view fence;    // of a claim, as it stood in the frame, to be sent back as it is
    std::uint64_t id = 0;
    std::uint64_t seq = 0;
    std::uint64_t from = 0;  // 0: not joined
    std::uint64_t first = 0;
    std::uint64_t last = 0;
};

class FrameReader {
public:
    FrameReader();
    ~FrameReader();
    FrameReader(const FrameReader&) = delete;
    FrameReader& operator=(const FrameReader&) = delete;

    // `text` is followed by Connection::kPadding bytes that may be read. Throws Failure on what is no JSON
    // object, on members of the wrong kind, and on what a run cannot go on after: error, gap, snapshot,
    // goaway.
    [[nodiscard]] const ServerFrame& read(std::string_view text);

private:
    struct Parser;
    std::unique_ptr<Parser> parser_;
    ServerFrame frame_;
};

// Requests. Texts are plain: letters, digits, and what JSON does not escape.
[[nodiscard]] std::string hello(std::string_view session);
[[nodiscard]] std::string subscribe(std::uint64_t id, std::string_view stream);
[[nodiscard]] std::string claim(std::uint64_t id, std::string_view stream);
struct Append {
    std::uint64_t id = 0;
    std::string_view stream;
    std::string_view fence{};  // empty: shared
    std::uint64_t seq = 0;     // with a fence
    std::string_view text;
    bool ends = false;  // with the outcome complete
};
[[nodiscard]] std::string append(const Append& request);

}  // namespace streamhost::load
