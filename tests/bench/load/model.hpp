#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace streamhost::load {

// What a stream must hold: the text of every entry follows from its number, and the fingerprint of every
// position from the texts (docs/protocol.md, section 1), computed here once more and apart from the host.
// Readers and producers check what they are told against it, so one model per stream serves any number.
class StreamModel {
public:
    // Entries of `entry_bytes` each, at least kLeastTextBytes; `number` is in their texts, so that those of
    // two streams are never the same.
    StreamModel(std::string id, std::uint64_t number, std::size_t entry_bytes);
    ~StreamModel();
    StreamModel(const StreamModel&) = delete;
    StreamModel& operator=(const StreamModel&) = delete;

    [[nodiscard]] const std::string& id() const noexcept { return id_; }
    // The text of entry `seq` (from 1). The view lives until the next call.
    [[nodiscard]] std::string_view text(std::uint64_t seq);
    [[nodiscard]] std::string_view check(std::uint64_t seq);
    [[nodiscard]] std::string_view end_check(std::uint64_t last_seq);
    [[nodiscard]] std::size_t entry_bytes() const noexcept { return text_.size(); }

private:
    using Check = std::array<char, 16>;
    struct Digest;
    Check next(std::string_view before, char letter, std::string_view data);

    std::string id_;
    std::uint64_t number_;
    std::string text_;
    std::unique_ptr<Digest> digest_;
    std::vector<Check> checks_;  // by seq; [0] is all zeros
    Check end_{};
};

// One reader's place in a stream. take() throws Failure unless the entries are the next ones, whole and
// right.
class Position {
public:
    // A chunk: entries `from` to `seq`, `delta` their texts in a row. Returns how many.
    std::uint64_t take(StreamModel& model, std::uint64_t from, std::uint64_t seq, std::string_view check,
                       std::string_view delta);
    // Everything anew, up to `seq`.
    void take_snapshot(StreamModel& model, std::uint64_t seq, std::string_view check, std::string_view text);
    void take_end(StreamModel& model, std::uint64_t seq, std::string_view check, std::string_view outcome);

    [[nodiscard]] std::uint64_t last() const noexcept { return last_; }
    [[nodiscard]] bool has_ended() const noexcept { return has_ended_; }

private:
    std::uint64_t last_ = 0;
    bool has_ended_ = false;
};

}  // namespace streamhost::load
