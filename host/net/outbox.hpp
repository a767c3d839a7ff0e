#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace streamhost::net {

/// What a connection pulls its bytes from. A connection that were pushed to would need a queue of its own,
/// and a slow client would fill it; one that pulls when its socket takes bytes needs none.
///
/// Roles: [loop], the connection's own. The iovecs of gather() stay valid until consumed(), the next gather()
/// on this loop, or anything else that changes the loop's delivery state: write at once, then say how much
/// went out.
class Outbox {
public:
    virtual ~Outbox() = default;

    /// Fills up to `max_iov` entries with the bytes that are due next, at most `byte_budget` in all.
    /// Returns the number of entries; 0 when nothing is due.
    [[nodiscard]] virtual std::size_t gather(iovec* out, std::size_t max_iov, std::size_t byte_budget) = 0;

    /// The first `bytes` of the last gather() went out; any number from 0 to all of them.
    virtual void consumed(std::size_t bytes) = 0;

    [[nodiscard]] virtual bool empty() const = 0;

    /// Queues a control frame, header included, ahead of stream frames; a frame under way is finished first.
    /// Taken also over the limits: a close frame must not be lost because the queue that it explains is full.
    virtual void push_control(std::span<const std::uint8_t> frame) = 0;

    /// From now on only what is owed goes out: the rest of a frame under way and what was queued directly.
    virtual void seal() = 0;

    /// So much is queued directly that reading from this client should wait: its own requests fill the queue.
    [[nodiscard]] virtual bool congested() const = 0;
};

}  // namespace streamhost::net
