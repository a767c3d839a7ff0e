// The problem: a stream that a reader was promised is not in the store any more. A failover may have lost it
// for some seconds, until its keeper writes it again; or it is gone for good (expired, or the store was
// wiped), and its reader would wait for ever. When is the reader told?
//
// Pure: time is passed in. One per subscription.
#pragma once

#include <cstdint>
#include <optional>

#include "streamhost/abi/record.h"

namespace recovery {

class Absence {
public:
    // The reader was given entries: that the stream is unknown would be news again.
    void shown() noexcept { is_told_ = false; }
    // What the reader holds is not the log's any more, and the follower has waited already.
    void confirm() noexcept {
        is_told_ = false;
        is_confirmed_ = true;
    }
    // The reader got a plan that says so much about the stream.
    void planned(std::uint32_t state) noexcept {
        is_told_ = state == SH_STREAM_UNKNOWN;
        is_confirmed_ = false;
        since_ms_.reset();
    }
    // The reader holds a stream, and the store has none.
    [[nodiscard]] bool concerns(std::uint32_t state) const noexcept {
        return state == SH_STREAM_UNKNOWN && !is_told_;
    }
    // The store has been asked, and does not know the stream. True: tell the reader now. `view`: where this
    // node's follower stands; while that holds more than nothing it waits too, and a reader could not go on
    // from nothing.
    [[nodiscard]] bool is_due(std::int64_t now_ms, std::int64_t patience_ms, const sh_position& view) {
        if (!since_ms_) since_ms_ = now_ms;
        return view.seq == 0 && (is_confirmed_ || now_ms - *since_ms_ >= patience_ms);
    }

private:
    bool is_told_ = false;
    bool is_confirmed_ = false;
    std::optional<std::int64_t> since_ms_;
};

}  // namespace recovery
