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
    kSnapshot,
    kGap,
    kGoaway,
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
    std::string_view code;     // of an error
    std::uint64_t id = 0;
    std::uint64_t seq = 0;
    std::uint64_t from = 0;  // 0: not joined
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::uint64_t retry_after_ms = 0;
    bool is_retryable = false;
};

class FrameReader {
public:
    // kGoesOn: what ends other runs is handed out like the rest. A snapshot's `delta` is the text of its one
    // entry; one of several entries throws.
    enum class Manner : std::uint8_t { kStrict = 1, kGoesOn };

    explicit FrameReader(Manner manner = Manner::kStrict);
    ~FrameReader();
    FrameReader(const FrameReader&) = delete;
    FrameReader& operator=(const FrameReader&) = delete;

    // `text` is followed by Connection::kPadding bytes that may be read. Throws Failure on what is no JSON
    // object, on members of the wrong kind, and when it is strict on what a run cannot go on after: error,
    // gap, snapshot, goaway.
    [[nodiscard]] const ServerFrame& read(std::string_view text);

private:
    struct Parser;
    Manner manner_;
    std::unique_ptr<Parser> parser_;
    ServerFrame frame_;
};

// Requests. Texts are plain: letters, digits, and what JSON does not escape.
[[nodiscard]] std::string hello(std::string_view session);
[[nodiscard]] std::string subscribe(std::uint64_t id, std::string_view stream);
[[nodiscard]] std::string subscribe_from_start(std::uint64_t id, std::string_view stream);
[[nodiscard]] std::string subscribe_after(std::uint64_t id, std::string_view stream, std::uint64_t seq,
                                          std::string_view check);
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
// To a shared stream, with a key under which it may be repeated: begin, an entry or more, end.
[[nodiscard]] std::string begin_append(std::uint64_t id, std::string_view stream, std::string_view key);
void add_entry(std::string& request, std::string_view text);
void end_append(std::string& request);

}  // namespace streamhost::load
