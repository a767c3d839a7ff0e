#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace streamhost::redis {

// The problem: answers of a server arrive in pieces of any size, thousands in one read, some of many
// megabytes, and nothing in them may be copied or looked at twice on the way to whoever asked. So the reader
// keeps the bytes it was given, scans each once, and shows a whole reply as a flat list of nodes that point
// into them.
//
// RESP2 and RESP3 as in https://github.com/redis/redis-specifications/blob/master/protocol/RESP3.md, without
// the streamed forms ("$?", "*?"), which no server sends. Attributes are read and left out. No I/O and no
// clock; one thread. Sizes are bytes.

enum class RespType : std::uint8_t {
    kSimple = 1,  // text
    kError,       // text: a word in capitals, then what happened
    kInteger,
    kBulk,       // text
    kNull,       // of any kind: RESP2 has one for texts and one for arrays
    kBoolean,    // integer 0 or 1
    kDouble,     // number, and as it was written in text
    kBigNumber,  // text
    kVerbatim,   // text, without the three letters of its format
    kArray,
    kSet,
    kMap,   // key, value, key, value
    kPush,  // out of band: belongs to no command
};

struct RespNode {
    RespType type = RespType::kNull;
    std::uint32_t children = 0;  // of an aggregate; of a map twice its pairs
    std::uint32_t next = 0;      // index behind this node and all that is in it
    std::int64_t integer = 0;
    double number = 0;
    std::size_t at = 0;  // of the text, from the start of the reply
    std::size_t size = 0;
};

// One value of a reply. Valid until the reader is fed or asked again.
class RespValue {
public:
    RespValue() = default;
    RespValue(const RespNode* nodes, const char* bytes, std::uint32_t index)
        : nodes_(nodes), bytes_(bytes), index_(index) {}

    [[nodiscard]] RespType type() const noexcept { return node().type; }
    [[nodiscard]] bool is(RespType type) const noexcept { return node().type == type; }
    // A text of any kind.
    [[nodiscard]] bool is_text() const noexcept {
        return is(RespType::kBulk) || is(RespType::kSimple) || is(RespType::kVerbatim);
    }
    [[nodiscard]] bool is_list() const noexcept {
        return is(RespType::kArray) || is(RespType::kSet) || is(RespType::kMap) || is(RespType::kPush);
    }
    // Empty where the type has none.
    [[nodiscard]] std::string_view text() const noexcept { return {bytes_ + node().at, node().size}; }
    [[nodiscard]] std::int64_t integer() const noexcept { return node().integer; }
    [[nodiscard]] double number() const noexcept { return node().number; }
    // Of an aggregate; 0 of everything else.
    [[nodiscard]] std::uint32_t size() const noexcept { return node().children; }

    // The first value in an aggregate that is not empty, and the value behind this one on the same level.
    [[nodiscard]] RespValue first() const noexcept { return {nodes_, bytes_, index_ + 1}; }
    [[nodiscard]] RespValue after() const noexcept { return {nodes_, bytes_, node().next}; }
    // Null when there are fewer. Walks over those in front.
    [[nodiscard]] RespValue operator[](std::uint32_t position) const noexcept;

private:
    [[nodiscard]] const RespNode& node() const noexcept { return nodes_[index_]; }

    static constexpr RespNode kNone{};
    const RespNode* nodes_ = &kNone;
    const char* bytes_ = "";
    std::uint32_t index_ = 0;
};

struct RespLimits {
    std::size_t reply_bytes = std::size_t{64} << 20;
    std::size_t line_bytes = std::size_t{64} << 10;  // of a simple text, an error, a number
    std::uint32_t nodes = 1U << 20;                  // of one reply
    std::uint32_t depth = 16;
};

enum class RespFault : std::uint8_t {
    kNone,
    kType,     // no such first byte, or a form that no server sends
    kLineEnd,  // a line or a text without CR LF where it has to end
    kLength,   // no length, or a negative one
    kNumber,
    kBoolean,
    kVerbatim,
    kTooLarge,
    kTooDeep,
    kTooManyNodes,
};
[[nodiscard]] std::string_view describe(RespFault fault) noexcept;

class RespReader {
public:
    explicit RespReader(RespLimits limits = {}) : limits_(limits) {}

    // Room for at least `size` bytes to be received into; fed(n) says how many came. Ends what value()
    // showed.
    [[nodiscard]] char* room(std::size_t size);
    void fed(std::size_t size) noexcept { end_ += size; }
    void feed(std::string_view bytes);

    // The next whole reply: true, and value() shows it. False: more bytes are needed, or fault() says what is
    // wrong, and then the connection is of no use any more.
    [[nodiscard]] bool next();
    [[nodiscard]] RespValue value() const noexcept { return {nodes_.data(), bytes_.data() + start_, 0}; }
    [[nodiscard]] RespFault fault() const noexcept { return fault_; }
    // Received and not yet shown.
    [[nodiscard]] std::size_t pending() const noexcept { return end_ - (is_shown_ ? at_ : start_); }

private:
    struct Level {
        std::uint32_t node = 0;
        std::uint32_t left = 0;
        bool is_attribute = false;
    };

    void drop_shown() noexcept;
    [[nodiscard]] bool step();
    [[nodiscard]] bool line(std::string_view& text);
    [[nodiscard]] bool start_value(char type, std::string_view line);
    [[nodiscard]] bool start_list(RespType type, std::string_view line, std::uint32_t per_item);
    [[nodiscard]] bool start_text(RespType type, std::string_view line);
    [[nodiscard]] bool finish_text();
    RespNode* add(RespType type);
    void close_levels();
    bool fail(RespFault fault) noexcept;

    RespLimits limits_;
    std::vector<char> bytes_;
    std::size_t start_ = 0;     // of the reply that is read or shown
    std::size_t at_ = 0;        // scanned up to here
    std::size_t searched_ = 0;  // no line end before here
    std::size_t end_ = 0;       // received up to here
    std::vector<RespNode> nodes_;
    std::vector<Level> levels_;
    bool awaits_text_ = false;  // of the last node
    bool is_shown_ = false;
    RespFault fault_ = RespFault::kNone;
};

}  // namespace streamhost::redis
