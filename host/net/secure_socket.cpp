#include "net/secure_socket.hpp"

#include <algorithm>
#include <cstring>

namespace streamhost::net {

namespace {

/// Bytes of several parts, a record at a time.
class Pieces {
public:
    Pieces(const iovec* parts, std::size_t count) : parts_(parts), count_(count) {}

    // Where it lies, if one part fills it or nothing else follows; else joined in `scratch`.
    std::span<const std::uint8_t> next(std::span<std::uint8_t> scratch) {
        std::size_t size = 0;
        while (index_ < count_ && size < scratch.size()) {
            const auto* from = static_cast<const std::uint8_t*>(parts_[index_].iov_base) + offset_;
            const std::size_t left = parts_[index_].iov_len - offset_;
            const std::size_t part = std::min(left, scratch.size() - size);
            const bool is_last = part == left && index_ + 1 == count_;
            if (size == 0 && (part == scratch.size() || is_last)) {
                advance(part);
                return {from, part};
            }
            std::memcpy(scratch.data() + size, from, part);
            size += part;
            advance(part);
        }
        return scratch.first(size);
    }

private:
    void advance(std::size_t size) {
        offset_ += size;
        if (offset_ < parts_[index_].iov_len) return;
        offset_ = 0;
        ++index_;
    }

    const iovec* parts_;
    std::size_t count_;
    std::size_t index_ = 0;
    std::size_t offset_ = 0;
};

}  // namespace

SecureSocket::SecureSocket(const TlsServerContext& context, int fd) : stream_(context.get(), fd) {
    SSL_set_accept_state(stream_.session());
}

ssize_t SecureSocket::receive(std::span<std::uint8_t> into) {
    const tls::IoResult result = stream_.read(into.data(), into.size());
    reads_when_writable_ = result.state == tls::IoState::kAgain && stream_.wants_write();
    if (result.state == tls::IoState::kDone) return static_cast<ssize_t>(result.size);
    return result.state == tls::IoState::kAgain ? 0 : -1;
}

bool SecureSocket::send_kept(Sent& sent) {
    if (kept_.empty()) return true;
    const tls::IoResult result = stream_.write(kept_.data(), kept_.size());
    if (result.state == tls::IoState::kDone) {
        kept_.clear();
        kept_.shrink_to_fit();
        return true;
    }
    sent.is_blocked = result.state == tls::IoState::kAgain;
    sent.is_gone = !sent.is_blocked;
    return false;
}

Sent SecureSocket::send(const iovec* parts, std::size_t count, std::span<std::uint8_t> scratch) {
    Sent sent;
    if (!send_kept(sent)) return sent;
    Pieces pieces(parts, count);
    while (true) {
        const auto record = pieces.next(scratch.first(kRecordBytes));
        if (record.empty()) return sent;
        const tls::IoResult result = stream_.write(record.data(), record.size());
        if (result.state == tls::IoState::kEnd) {
            sent.is_gone = true;
            return sent;
        }
        sent.taken += record.size();
        if (result.state == tls::IoState::kDone) continue;
        kept_.assign(record.begin(), record.end());
        sent.is_blocked = true;
        return sent;
    }
}

}  // namespace streamhost::net
