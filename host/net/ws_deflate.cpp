#include "net/ws_deflate.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <utility>

#include <zlib.h>

namespace streamhost::net {
namespace {

constexpr int kRawWindow = -15;  // the largest window, no zlib header
constexpr int kMemoryLevel = 8;
// What a sync flush ends with, and what a sender leaves out (RFC 7692 7.2.1).
constexpr std::array<std::uint8_t, 4> kTail = {0x00, 0x00, 0xff, 0xff};

constexpr std::size_t kReadStep = 4096;
constexpr std::size_t kWriteStep = std::size_t{64} << 10U;
constexpr std::size_t kFirstRoom = 4096;
constexpr std::size_t kKeptRoom = std::size_t{64} << 10U;
// A block may be all table and no text: to read a byte of it costs more than to write one.
constexpr std::size_t kReadCost = 16;

// zlib's interface is from before const.
Bytef* input_of(std::span<const std::uint8_t> bytes) { return const_cast<Bytef*>(bytes.data()); }

}  // namespace

void WsDeflater::End::operator()(z_stream_s* stream) const noexcept {
    deflateEnd(stream);
    delete stream;
}

void WsInflater::End::operator()(z_stream_s* stream) const noexcept {
    inflateEnd(stream);
    delete stream;
}

WsDeflater::WsDeflater() : stream_(new z_stream{}) {
    if (deflateInit2(stream_.get(), Z_BEST_SPEED, Z_DEFLATED, kRawWindow, kMemoryLevel, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        throw std::bad_alloc();
}

void WsDeflater::begin() noexcept {
    deflateReset(stream_.get());
    size_ = 0;
}

void WsDeflater::add(std::span<const std::uint8_t> part) { run(part, Z_NO_FLUSH); }

std::span<const std::uint8_t> WsDeflater::finish() {
    run({}, Z_SYNC_FLUSH);
    const std::size_t size = std::exchange(size_, 0);
    // Where nothing was added to a run, there was nothing to flush. RFC 7692 7.2.3.6: an empty message is one
    // byte.
    if (size < kTail.size()) return std::span(kTail).first(1);
    return std::span(out_).first(size - kTail.size());
}

void WsDeflater::run(std::span<const std::uint8_t> part, int flush) {
    stream_->next_in = input_of(part);
    stream_->avail_in = static_cast<uInt>(part.size());
    do {
        const std::size_t room = deflateBound(stream_.get(), stream_->avail_in) + 16;
        if (out_.size() - size_ < room) out_.resize(std::max(size_ + room, out_.size() * 2));
        stream_->next_out = out_.data() + size_;
        stream_->avail_out = static_cast<uInt>(out_.size() - size_);
        deflate(stream_.get(), flush);
        size_ = out_.size() - stream_->avail_out;
    } while (stream_->avail_out == 0);
}

WsInflater::WsInflater() : stream_(new z_stream{}) {
    if (inflateInit2(stream_.get(), kRawWindow) != Z_OK) throw std::bad_alloc();
}

void WsInflater::start(std::span<const std::uint8_t> deflated, WsOpcode opcode, std::uint32_t max_bytes) {
    inflateReset(stream_.get());
    stream_->avail_out = 1;
    input_ = deflated;
    opcode_ = opcode;
    fault_ = WsFault::kNone;
    max_bytes_ = max_bytes;
    size_ = 0;
    utf8_.reset();
    has_tail_ = false;
    has_ended_ = true;
    if (capacity_ != 0) return;
    capacity_ = std::min<std::size_t>(std::max(kFirstRoom, 2 * deflated.size()), max_bytes + std::size_t{1});
    out_ = std::make_unique_for_overwrite<std::uint8_t[]>(capacity_);
}

WsInflater::State WsInflater::run(std::size_t& budget) {
    while (budget > 0) {
        const bool is_full = stream_->avail_out == 0;
        if (input_.empty() && !is_full) {
            if (has_ended_ || is_between_blocks()) return finish();
            if (has_tail_) return fail(WsFault::kDeflate);
            has_tail_ = true;
            input_ = kTail;
        }
        const std::size_t before = size_;
        const std::size_t waiting = input_.size();
        if (!step()) return State::kFailed;
        budget -= std::min(budget, size_ - before + (waiting - input_.size()) * kReadCost + 1);
    }
    return State::kMore;
}

// False: `fault_` says why it does not go on.
bool WsInflater::step() {
    if (size_ == capacity_) grow();
    const std::size_t from = size_;
    const std::size_t read = std::min(input_.size(), kReadStep);
    const std::size_t room = std::min({capacity_, max_bytes_ + std::size_t{1}, size_ + kWriteStep}) - size_;
    stream_->next_in = input_of(input_);
    stream_->avail_in = static_cast<uInt>(read);
    stream_->next_out = out_.get() + size_;
    stream_->avail_out = static_cast<uInt>(room);
    const int result = ::inflate(stream_.get(), Z_SYNC_FLUSH);
    const std::size_t taken = read - stream_->avail_in;
    input_ = input_.subspan(taken);
    size_ += room - stream_->avail_out;
    if (taken != 0) has_ended_ = false;
    if (result == Z_STREAM_END) {
        // RFC 7692 7.2.3.4: a sender may end its blocks; what follows begins anew.
        has_ended_ = true;
        inflateReset(stream_.get());
        stream_->avail_out = 1;
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
        fail(WsFault::kDeflate);
        return false;
    }
    return check(from);
}

// What came out since `from`.
bool WsInflater::check(std::size_t from) {
    if (size_ > max_bytes_) {
        fail(WsFault::kMessageTooBig);
    } else if (opcode_ == WsOpcode::kText && !utf8_.feed({out_.get() + from, size_ - from})) {
        fail(WsFault::kInvalidUtf8);
    } else {
        return true;
    }
    return false;
}

void WsInflater::grow() {
    const std::size_t capacity = std::min<std::size_t>(2 * capacity_, max_bytes_ + std::size_t{1});
    auto larger = std::make_unique_for_overwrite<std::uint8_t[]>(capacity);
    std::memcpy(larger.get(), out_.get(), size_);
    out_ = std::move(larger);
    capacity_ = capacity;
}

WsInflater::State WsInflater::finish() {
    input_ = {};
    if (opcode_ == WsOpcode::kText && !utf8_.complete()) return fail(WsFault::kInvalidUtf8);
    return State::kDone;
}

// zlib.h, inflate(): 128 when it stands behind the end of a block, and in the low bits how many of the last
// byte were not used.
bool WsInflater::is_between_blocks() const noexcept { return (stream_->data_type & (128 | 63)) == 128; }

WsInflater::State WsInflater::fail(WsFault fault) noexcept {
    fault_ = fault;
    input_ = {};
    return State::kFailed;
}

void WsInflater::keep_input() {
    kept_.assign(input_.begin(), input_.end());
    input_ = kept_;
}

void WsInflater::trim() noexcept {
    kept_ = {};
    if (capacity_ <= kKeptRoom) return;
    out_.reset();
    capacity_ = 0;
}

}  // namespace streamhost::net
