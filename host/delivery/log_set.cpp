#include "delivery/log_set.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace streamhost::delivery {
namespace {

constexpr std::size_t kSegmentShare =
    8;  // an eighth of the node's budget is for shared segments, the rest for logs

bool continues(Position last, std::span<const RecordView> records) {
    for (const RecordView& record : records) {
        if (record.before() != last || record.seq < record.first()) return false;
        if (record.end && &record != &records.back()) return false;
        last = record.after();
    }
    return !records.empty();
}

}  // namespace

LogSet::LogSet(const LogSetOptions& options, LoopPort& loops, FollowerEvents& follower)
    : options_(options),
      loops_(loops),
      follower_(follower),
      messages_(options.loops),
      segments_(options.memory_bytes / kSegmentShare, options.segment_ms) {}

LogSet::~LogSet() = default;

EncodingId LogSet::add_encoding(Encoder& encoder, Framing framing) {
    encodings_.push_back({&encoder, framing});
    return static_cast<EncodingId>(encodings_.size());
}

void LogSet::replace_encoder(EncodingId id, Encoder* encoder) {
    assert(id != 0 && id <= encodings_.size());
    encodings_[id - 1U].encoder = encoder;
    segments_.forget(id);
}

LogSet::Encoding* LogSet::encoding(EncodingId id) {
    if (id == 0 || id > encodings_.size() || encodings_[id - 1U].encoder == nullptr) return nullptr;
    return &encodings_[id - 1U];
}

Log* LogSet::log_of(std::string_view stream, EncodingId encoding) const {
    const auto found = streams_.find(stream);
    if (found == streams_.end()) return nullptr;
    for (Log* log : found->second.logs) {
        if (log->encoding == encoding) return log;
    }
    return nullptr;
}

Log* LogSet::log_at(LogRef ref) const {
    Log* log = ref.slot < logs_.size() ? logs_[ref.slot].get() : nullptr;
    return log != nullptr && log->ref == ref ? log : nullptr;
}

DeliverStatus LogSet::deliver(std::string_view stream_id, std::span<const RecordView> records) {
    const auto found = streams_.find(stream_id);
    if (found == streams_.end()) return DeliverStatus::kNoReaders;
    Stream& stream = found->second;
    if (stream.closed) return DeliverStatus::kClosed;
    if (!continues(stream.last, records)) return DeliverStatus::kNotNext;
    stream.last = records.back().after();
    stream.closed = records.back().end;
    ++stream.log_count;  // a log whose encoder fails must not take the stream away from under this loop
    for (std::size_t i = 0; i < stream.logs.size();) {
        if (append(*stream.logs[i], records)) ++i;
    }
    let_go(stream);
    enforce_memory();
    return DeliverStatus::kOk;
}

/// False: the encoder failed, and the log is retired.
bool LogSet::append(Log& log, std::span<const RecordView> records) {
    FrameChain& chain = log.chain;
    const BlockPos end = chain.end();
    const Position last = chain.last();
    const std::uint32_t first_new = chain.blocks().end();
    const std::size_t bytes = chain.bytes();
    const Encoding* coding = encoding(log.encoding);
    bool encoded = coding != nullptr;
    if (encoded) {
        FrameWriter writer(chain, coding->framing);
        encoded = coding->encoder->encode(log.stream->id, records, writer) && writer.good() &&
                  chain.last() == records.back().after();
        stats_.frames += encoded ? writer.frames() : 0;
        stats_.bytes += encoded ? writer.bytes() : 0;
    }
    if (!encoded) {
        chain.rollback(end, last);
        ++stats_.encoder_faults;
        retire(log, FallReason::kEncoder);
        return false;
    }
    log.closed = log.stream->closed;
    log.newest_ts_ms = records.back().ts_ms;
    stats_.log_memory_bytes += chain.bytes() - bytes;
    note_new_blocks(log, first_new);
    touch(log);
    mark_dirty(log);
    while (chain.bytes() > options_.log_bytes && chain.blocks().end() - chain.blocks().base() > 1)
        trim(log, chain.blocks().base() + 1);
    return true;
}

void LogSet::touch(Log& log) {
    log.changed_ms = now_ms_;
    log.awaiting_quiet = 0;
    if (log.idle_queued || log.chain.blocks().empty()) return;
    log.idle_queued = true;
    idle_.push_back({log.ref, now_ms_});
}

void LogSet::mark_dirty(Log& log) {
    if (std::exchange(log.dirty, true)) return;
    dirty_.push_back(log.ref);
}

void LogSet::note_new_blocks(const Log& log, std::uint32_t first) {
    for (std::uint32_t block = first; block != log.chain.blocks().end(); ++block) {
        ages_.push_back({log.ref, block});
        ++block_count_;
    }
    if (ages_.size() > 2 * block_count_ + 1024) compact_ages();
}

void LogSet::compact_ages() {
    std::erase_if(ages_, [this](const Aged& aged) {
        const Log* log = log_at(aged.log);
        return log == nullptr || !log->chain.blocks().holds(aged.block);
    });
}

void LogSet::trim(Log& log, std::uint32_t base) {
    const BlockList& blocks = log.chain.blocks();
    const std::uint32_t gone = std::min(base, blocks.end()) - blocks.base();
    stats_.log_memory_bytes -= log.chain.bytes();
    log.chain.drop_before(base);
    stats_.log_memory_bytes += log.chain.bytes();
    stats_.trimmed_blocks += gone;
    block_count_ -= gone;
    mark_dirty(log);
}

/// Bounds what the logs hold. What a reader pins beyond that is at most the block that it is in and its plan.
void LogSet::enforce_memory() {
    const std::size_t limit = options_.memory_bytes - options_.memory_bytes / kSegmentShare;
    while (!ages_.empty() && stats_.log_memory_bytes > limit) {
        const Aged oldest = ages_.front();
        ages_.pop_front();
        Log* log = log_at(oldest.log);
        if (log != nullptr && log->chain.blocks().holds(oldest.block)) trim(*log, oldest.block + 1);
    }
}

void LogSet::reset(std::string_view stream_id, Position head, FallReason reason) {
    const auto found = streams_.find(stream_id);
    if (found == streams_.end()) return;
    Stream& stream = found->second;
    stream.last = head;
    stream.closed = false;
    ++stream.log_count;
    while (!stream.logs.empty())
        retire(*stream.logs.back(), reason);
    let_go(stream);
}

void LogSet::retire(Log& log, FallReason reason) {
    log.retired = true;
    std::erase(log.stream->logs, &log);
    for (const Log::Share& share : log.shares)
        message_to(share.loop).commands.emplace_back(DropCursors{log.ref, reason});
    if (log.shares.empty()) drop_log(log);
}

Log& LogSet::open_log(Stream& stream, EncodingId encoding_id, Position start) {
    if (free_slots_.empty()) {
        free_slots_.push_back(static_cast<std::uint32_t>(logs_.size()));
        logs_.emplace_back();
        generations_.push_back(0);
    }
    const std::uint32_t slot = free_slots_.back();
    free_slots_.pop_back();
    logs_[slot] = std::make_unique<Log>(LogRef{slot, ++generations_[slot]}, stream, encoding_id, start);
    Log& log = *logs_[slot];
    log.closed = stream.closed;
    stream.logs.push_back(&log);
    ++stream.log_count;
    ++log_count_;
    return log;
}

void LogSet::drop_log(Log& log) {
    Stream& stream = *log.stream;
    std::erase(stream.logs, &log);
    stats_.log_memory_bytes -= log.chain.bytes();
    block_count_ -= log.chain.blocks().end() - log.chain.blocks().base();
    --log_count_;
    const std::uint32_t slot = log.ref.slot;
    logs_[slot].reset();
    free_slots_.push_back(slot);
    let_go(stream);
}

void LogSet::let_go(Stream& stream) {
    if (--stream.log_count != 0) return;
    unused_.emplace_back(stream.id);
    streams_.erase(streams_.find(stream.id));
}

std::optional<LogRange> LogSet::range(std::string_view stream, EncodingId encoding_id) const {
    if (const Log* log = log_of(stream, encoding_id); log != nullptr)
        return LogRange{log->chain.first(), log->chain.last(), log->closed};
    const auto found = streams_.find(stream);
    if (found == streams_.end()) return std::nullopt;
    return LogRange{found->second.last, found->second.last, found->second.closed};
}

std::optional<std::uint64_t> LogSet::find(std::string_view stream, EncodingId encoding_id,
                                          std::uint64_t seq) const {
    const Log* log = log_of(stream, encoding_id);
    return log == nullptr ? std::nullopt : log->check_at(seq);
}

LogSetStats LogSet::stats() const {
    LogSetStats stats = stats_;
    stats.logs = log_count_;
    stats.log_memory_bytes += segments_.bytes();
    return stats;
}

}  // namespace streamhost::delivery
