#include "store/memory/stream_table.hpp"

#include <algorithm>

#include "store/validate.hpp"

namespace streamhost::store::memory {
namespace {

constexpr std::uint64_t kNodeBytes = 72;     // table node, bucket, place in its home
constexpr std::size_t kSweepForRoom = 5000;  // streams looked at before a write is refused

std::uint64_t text_bytes(std::string_view text) noexcept {
    constexpr std::size_t kInline = 15;
    return text.size() > kInline ? text.size() + 16 : 0;
}

std::uint64_t cost_of(const Stream& stream) noexcept {
    std::uint64_t cost = empty_stream_bytes(*stream.id, stream.user) + stream.log.cost();
    if (stream.extra)
        cost += sizeof(StreamExtra) + stream.extra->published.cost() + stream.extra->sent.cost() +
                text_bytes(stream.extra->job);
    return cost;
}

}  // namespace

std::uint64_t empty_stream_bytes(std::string_view id, std::string_view user) noexcept {
    return sizeof(Stream) + sizeof(std::string) + kNodeBytes + text_bytes(id) + text_bytes(user);
}

Position Stream::at(std::uint64_t seq) const {
    if (seq <= base.seq) return base;
    if (seq >= head.seq) return head;
    return {seq, log[seq - base.seq - 1].check};
}

StreamExtra& Stream::more() {
    if (!extra) extra = std::make_unique<StreamExtra>();
    return *extra;
}

Stream* StreamTable::find(std::string_view id) {
    Stream* stream = streams_.find(id);
    if (!stream || !expired(*stream)) return stream;
    forget(id);
    return nullptr;
}

Stream& StreamTable::create(std::string_view id, Mode mode, std::string_view user) {
    auto [key, stream] = streams_.at(id);
    stream.id = &key;
    stream.mode = mode;
    stream.user = user;
    stream.created_ms = stream.touched_ms = core_.now();
    if (mode == Mode::kOwned && home_of(id).size() < id.size())
        homes_[std::string(home_of(id))].push_back(&stream);
    charge(stream);
    return stream;
}

bool StreamTable::home_has_room(std::string_view id) const {
    const auto found = homes_.find(home_of(id));
    return found == homes_.end() || found->second.size() < core_.limits().home_runs;
}

std::vector<const Stream*> StreamTable::runs_of(std::string_view home) {
    std::vector<const Stream*> runs;
    const auto found = homes_.find(home);
    if (found == homes_.end()) return runs;
    std::copy_if(found->second.begin(), found->second.end(), std::back_inserter(runs),
                 [this](const Stream* stream) { return !expired(*stream); });
    return runs;
}

bool StreamTable::make_room(std::uint64_t more) {
    if (core_.account.fits(more)) return true;
    sweep(kSweepForRoom);
    while (!core_.account.fits(more) && !ended_.empty()) {
        const std::string oldest = std::move(ended_.front());
        ended_.pop_front();
        const Stream* stream = streams_.find(oldest);
        if (stream && stream->state != State::kOpen) forget(oldest);
    }
    return core_.account.fits(more);
}

void StreamTable::charge(Stream& stream) {
    const std::uint64_t cost = cost_of(stream);
    core_.account.remove(stream.charged);
    core_.account.add(cost);
    stream.charged = cost;
}

void StreamTable::touch(Stream& stream) {
    const std::int64_t now = core_.now();
    if (now - stream.touched_ms > lifetime(stream) / 4) stream.touched_ms = now;
}

void StreamTable::ended(Stream& stream) {
    stream.touched_ms = core_.now();
    stream.lease_end_ms = 0;
    if (stream.extra) stream.extra->job = std::string();
    if (core_.options().when_full == WhenFull::kDropEnded) ended_.push_back(*stream.id);
}

StreamInfo StreamTable::info(const Stream& stream) const {
    StreamInfo info;
    info.mode = stream.mode;
    info.state = stream.state;
    info.base = stream.base;
    info.head = stream.head;
    info.fence = stream.fence;
    info.claims = stream.claims;
    info.left_ms = std::max<std::int64_t>(0, stream.lease_end_ms - core_.now());
    info.created_ms = stream.created_ms;
    info.user = stream.user;
    return info;
}

void StreamTable::sweep(std::size_t items) {
    const auto dead = streams_.sweep(items, [this](const std::string&, Stream& stream) {
        if (expired(stream)) return true;
        trim_windows(stream);
        return false;
    });
    for (const std::string& id : dead)
        forget(id);
    while (!ended_.empty() && !streams_.find(ended_.front()))
        ended_.pop_front();
}

std::int64_t StreamTable::lifetime(const Stream& stream) const {
    const Limits& limits = core_.limits();
    if (stream.mode == Mode::kShared) return limits.shared_ms;
    return stream.state == State::kOpen ? limits.run_open_ms : limits.run_ended_ms;
}

bool StreamTable::expired(const Stream& stream) const {
    return core_.now() - stream.touched_ms >= lifetime(stream);
}

void StreamTable::forget(std::string_view id) {
    const Stream* stream = streams_.find(id);
    if (!stream) return;
    leave_home(*stream);
    core_.account.remove(stream->charged);
    const std::string key(id);  // `id` may be the key that goes
    streams_.erase(key);
}

void StreamTable::leave_home(const Stream& stream) {
    const auto found = homes_.find(home_of(*stream.id));
    if (found == homes_.end()) return;
    std::erase(found->second, &stream);
    if (found->second.empty()) homes_.erase(found);
}

void StreamTable::trim_windows(Stream& stream) {
    if (!stream.extra) return;
    const std::int64_t now = core_.now();
    stream.extra->published.forget_before(now - core_.limits().publish_key_ms);
    stream.extra->sent.forget_before(now - core_.limits().send_key_ms);
    if (stream.extra->published.empty() && stream.extra->sent.empty() && stream.extra->job.empty())
        stream.extra.reset();
    charge(stream);
}

}  // namespace streamhost::store::memory
