// Owned streams: one producer at a time, fenced; the end is one slot and the first one gets it.

#include <algorithm>
#include <utility>

#include "store/memory/streams.hpp"
#include "store/validate.hpp"

namespace streamhost::store::memory {
namespace {

std::uint64_t data_bytes(std::span<const Record> records) noexcept {
    std::uint64_t bytes = 0;
    for (const Record& record : records)
        bytes += record.data.size();
    return bytes;
}

bool only_the_end(std::span<const Record> records) noexcept {
    return records.size() == 1 && records.front().type == Type::kEnd;
}

// The records that the stream does not have yet.
std::span<const Record> fresh_part(const Stream& stream, std::span<const Record> records) noexcept {
    const std::uint64_t first = records.front().seq;
    const std::uint64_t next = stream.head.seq + 1;
    return first >= next ? records : records.subspan(std::min<std::uint64_t>(next - first, records.size()));
}

bool is_producer(const Stream& stream, std::uint64_t fence, std::uint64_t pid) noexcept {
    return stream.fence == fence && (pid == 0 || stream.pid == pid);
}

}  // namespace

const StreamResult& StreamAnswer::view() {
    result.info.user = user;
    result.job = job;
    return result;
}

StreamAnswer MemoryStreams::answer(Status status, const Stream& stream, Position last) const {
    return {{status, table_.info(stream), {}, last}, stream.user, {}};
}

Submit MemoryStreams::claim(const ClaimRequest& request, StreamDone done) {
    return core_.run<StreamAnswer>(check(request), std::move(done), [&] { return claim_now(request); });
}

Submit MemoryStreams::append(const AppendRequest& request, StreamDone done) {
    return core_.run<StreamAnswer>(check(request), std::move(done), [&] { return append_now(request); });
}

Submit MemoryStreams::renew(const RenewRequest& request, StreamDone done) {
    return core_.run<StreamAnswer>(check(request), std::move(done), [&] { return renew_now(request); });
}

Submit MemoryStreams::finish(const FinishRequest& request, StreamDone done) {
    return core_.run<StreamAnswer>(check(request), std::move(done), [&] { return finish_now(request); });
}

Status MemoryStreams::judge_claim(const Stream& stream, const ClaimRequest& request) const {
    if (stream.mode != Mode::kOwned) return Status::kConflict;
    if (request.access == Access::kOwner && !stream.user.empty() && stream.user != request.user)
        return Status::kForbidden;
    if (stream.state != State::kOpen) return Status::kEnded;
    if (stream.lease_end_ms <= core_.now()) return Status::kOk;
    return stream.pid == request.pid ? Status::kDuplicate : Status::kHeld;
}

StreamAnswer MemoryStreams::claim_now(const ClaimRequest& request) {
    Stream* stream = table_.find(request.id);
    if (!stream) {
        if (request.if_missing == IfMissing::kRefuse) return {{Status::kNoStream, {}, {}, {}}, {}, {}};
        if (!table_.home_has_room(request.id)) return {{Status::kFull, {}, {}, {}}, {}, {}};
        if (!table_.make_room(empty_stream_bytes(request.id, request.user)))
            return {{Status::kExhausted, {}, {}, {}}, {}, {}};
        stream = &table_.create(request.id, Mode::kOwned, request.user);
    }
    const Status verdict = judge_claim(*stream, request);
    if (verdict != Status::kOk && verdict != Status::kDuplicate) return answer(verdict, *stream);
    const std::int64_t now = core_.now();
    if (verdict == Status::kOk) {
        stream->fence = std::max(stream->fence + 1, static_cast<std::uint64_t>(now));
        stream->pid = request.pid;
        ++stream->claims;
    }
    stream->lease_end_ms = now + request.lease_ms;
    table_.touch(*stream);
    StreamAnswer granted = answer(Status::kOk, *stream);
    if (stream->extra) granted.job = stream->extra->job;
    return granted;
}

// The order of these questions is part of the contract (streams.hpp).
Status MemoryStreams::judge_append(const Stream& stream, const AppendRequest& request) const {
    if (stream.mode != Mode::kOwned) return Status::kConflict;
    if (!is_producer(stream, request.fence, request.pid)) return Status::kFenced;
    const Record& last = request.records.back();
    const auto fresh = fresh_part(stream, request.records);
    const bool same = fresh.empty() && stream.at(last.seq).check == last.check;
    if (stream.state != State::kOpen) return same ? Status::kDuplicate : Status::kEnded;
    if (request.records.front().seq > stream.head.seq + 1) return Status::kGap;
    if (fresh.empty()) return same ? Status::kDuplicate : Status::kConflict;
    if (fresh.front().prev != stream.head.check) return Status::kDiverged;
    return is_full(stream, fresh) ? Status::kFull : Status::kOk;
}

bool MemoryStreams::is_full(const Stream& stream, std::span<const Record> fresh) const {
    if (only_the_end(fresh)) return false;
    return stream.log.size() + fresh.size() > core_.limits().run_entries ||
           stream.log.data_bytes() + data_bytes(fresh) > core_.limits().run_bytes;
}

StreamAnswer MemoryStreams::append_now(const AppendRequest& request) {
    Stream* stream = table_.find(request.id);
    if (!stream) return {{Status::kNoStream, {}, {}, {}}, {}, {}};
    Status verdict = judge_append(*stream, request);
    const Position last{request.records.back().seq, request.records.back().check};
    if (verdict == Status::kOk) {
        const auto fresh = fresh_part(*stream, request.records);
        const std::uint64_t more = data_bytes(fresh) + fresh.size() * EntryLog::kOverhead;
        const bool fits = only_the_end(fresh) ? core_.account.fits_end(more) : table_.make_room(more);
        if (!fits) verdict = Status::kExhausted;
        stream = table_.find(request.id);
        if (!stream) return {{Status::kNoStream, {}, {}, {}}, {}, {}};
        if (fits) write_owned(*stream, fresh, request.end_state);
    }
    if (verdict != Status::kOk && verdict != Status::kDuplicate) return answer(verdict, *stream);
    if (stream->state == State::kOpen) {
        if (request.lease_ms > 0)
            stream->lease_end_ms = std::max(stream->lease_end_ms, core_.now() + request.lease_ms);
        table_.touch(*stream);
    }
    return answer(verdict, *stream, last);
}

void MemoryStreams::write_owned(Stream& stream, std::span<const Record> fresh, State end_state) {
    std::vector<Record> written(fresh.begin(), fresh.end());
    for (Record& record : written) {
        record.fence = stream.fence;
        if (record.ts_ms == 0) record.ts_ms = core_.now();
        record.data = record.data.compact();
        stream.log.push(record);
    }
    stream.head = {written.back().seq, written.back().check};
    if (end_state != State::kOpen) {
        stream.state = end_state;
        table_.ended(stream);
    }
    table_.charge(stream);
    channels_.on_written(*stream.id, std::move(written));
}

StreamAnswer MemoryStreams::renew_now(const RenewRequest& request) {
    Stream* stream = table_.find(request.id);
    if (!stream) return {{Status::kNoStream, {}, {}, {}}, {}, {}};
    if (stream->mode != Mode::kOwned) return answer(Status::kConflict, *stream);
    if (!is_producer(*stream, request.fence, request.pid)) return answer(Status::kFenced, *stream);
    if (stream->state != State::kOpen) return answer(Status::kEnded, *stream);
    const std::int64_t end_ms = core_.now() + request.lease_ms;
    stream->lease_end_ms = request.lease_ms == 0 ? end_ms : std::max(stream->lease_end_ms, end_ms);
    table_.touch(*stream);
    return answer(Status::kOk, *stream);
}

StreamAnswer MemoryStreams::finish_now(const FinishRequest& request) {
    Stream* stream = table_.find(request.id);
    if (!stream) return {{Status::kNoStream, {}, {}, {}}, {}, {}};
    if (stream->mode != Mode::kOwned) return answer(Status::kConflict, *stream);
    if (stream->state != State::kOpen) {
        const std::uint64_t before = stream->at(stream->head.seq - 1).check;
        const bool same = stream->state == request.end_state &&
                          next_check(before, Type::kEnd, request.data.view()) == stream->head.check;
        return same ? answer(Status::kDuplicate, *stream, stream->head) : answer(Status::kEnded, *stream);
    }
    if (request.if_fence != 0 && request.if_fence != stream->fence) return answer(Status::kFenced, *stream);
    if (!core_.account.fits_end(request.data.size() + EntryLog::kOverhead))
        return answer(Status::kExhausted, *stream);
    Record end;
    end.type = Type::kEnd;
    end.data = request.data;
    const Position last = chain(stream->head, {&end, 1});
    write_owned(*stream, {&end, 1}, request.end_state);
    return answer(Status::kOk, *stream, last);
}

}  // namespace streamhost::store::memory
