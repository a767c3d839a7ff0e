// The problem: two nodes that were given one id take each other's sessions, kicks and jobs, and nobody sees
// why. A node that comes back at once after a crash finds its own former entry, whose lease still lives: it
// must not be taken for a second one.
//
// Whoever writes the node's entry hears what it replaced. What stood there before a process wrote for the
// first time may be of one that is dead; what stands there afterwards and is not its own was written by one
// that lives. Heard twice, since a failover of the store may bring a former entry back, once. Pure. [store]
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace session {

class Namesake {
public:
    // `quiet_ms`: after so long without a sign of the other one this node is alone again.
    Namesake(std::string self, std::int64_t quiet_ms) : self_(std::move(self)), quiet_ms_(quiet_ms) {}

    // The store took this node's entry, in place of one of the incarnation `before`, or of none.
    void wrote(const std::optional<std::string>& before, std::int64_t now_ms);

    // The incarnation of another living process of this id, or empty.
    [[nodiscard]] std::string_view other() const noexcept {
        return signs_ >= kSigns ? other_ : std::string_view();
    }
    // The other one was there first.
    [[nodiscard]] bool is_younger() const noexcept { return self_ > other_; }

private:
    static constexpr int kSigns = 2;

    const std::string self_;
    const std::int64_t quiet_ms_;
    bool has_written_ = false;
    std::string other_;
    int signs_ = 0;
    std::int64_t seen_ms_ = 0;
};

}  // namespace session
