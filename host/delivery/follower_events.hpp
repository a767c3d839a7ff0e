#pragma once

#include <string_view>

#include "delivery/messages.hpp"
#include "delivery/record.hpp"

namespace streamhost::delivery {

/// What the follower of a stream hears about its readers. [store], out of LogSet::take() or (unused) tick();
/// it may call the LogSet from there. `ticket` tells which attach() an event belongs to: an event whose
/// ticket is not the one of the subscription's latest attach() is late news and to be ignored.
class FollowerEvents {
public:
    struct Reader {
        ReaderRef reader;
        SubscriptionId subscription = 0;
        std::uint32_t ticket = 0;
        Position at;  ///< The last position whose bytes were given to the connection.
    };

    virtual ~FollowerEvents() = default;
    /// The cursor lost its log and waits for another attach(): joined reads from `at`, a snapshot, or
    /// detach().
    virtual void fell_off(const Reader& who, std::string_view stream, EncodingId encoding,
                          FallReason reason) = 0;
    /// Everything went out, the end of the stream or of a plan that ended; the subscription is gone.
    virtual void completed(const Reader& who) = 0;
    /// A plan that ended with more() went out.
    virtual void wants_more(const Reader& who) = 0;
    /// No reader was attached to this stream for the grace period; its logs are gone.
    virtual void unused(std::string_view stream) = 0;
};

}  // namespace streamhost::delivery
