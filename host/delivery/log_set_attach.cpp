#include <algorithm>
#include <utility>

#include "delivery/log_set.hpp"

namespace streamhost::delivery {
namespace {

/// All texts of a plan in one block of exactly their size: a subscription's answer costs one allocation.
class TextBlock {
public:
    TextBlock(const Plan& plan, Framing framing) : framing_(framing) {
        std::size_t bytes = 0;
        for (const Plan::Item& item : plan.items()) {
            const auto* text = std::get_if<Plan::Text>(&item);
            if (text == nullptr) continue;
            const Envelope envelope = framing(text->payload.size());
            // Counting each frame as a block of its own leaves room for its mark and for rounding.
            bytes += Block::total_for(envelope.head_size + text->payload.size() + envelope.tail_size);
        }
        if (bytes != 0) block_ = Block::create(bytes, {});
    }

    [[nodiscard]] PlanStep add(const Plan::Text& text) {
        Block& block = *block_.get();
        const BlockPos from{0, block.data_end(), block.mark_count()};
        const Envelope envelope = framing_(text.payload.size());
        const Piece piece{text.payload.data(), text.payload.size()};
        splice(block.tail(), envelope, &piece, 1);
        block.commit(envelope.head_size + piece.size + envelope.tail_size, {});
        const BlockPos to{0, block.data_end(), block.mark_count()};
        return {text.answer ? PlanStep::Kind::kAnswer : PlanStep::Kind::kText, block_, from.offset, from.mark,
                to};
    }

private:
    Framing framing_;
    BlockRef block_;
};

bool chains(Position& at, std::span<const RecordView> records) {
    for (const RecordView& record : records) {
        if (record.before() != at || record.seq < record.first()) return false;
        at = record.after();
    }
    return !records.empty();
}

}  // namespace

AttachResult LogSet::attach(ReaderRef reader, SubscriptionId subscription, std::string_view stream_id,
                            EncodingId encoding_id, const Plan& plan) {
    if (reader.loop >= options_.loops) return {AttachStatus::kNoLoop, 0, {}};
    if (encoding(encoding_id) == nullptr) return {AttachStatus::kNoEncoding, 0, {}};
    const auto known = streams_.find(stream_id);
    const bool is_new = known == streams_.end();
    Log* log = log_of(stream_id, encoding_id);
    const Located at = locate(plan, log, is_new ? nullptr : &known->second);
    if (at.status == AttachStatus::kNotInLog) return {at.status, 0, range(stream_id, encoding_id)};
    if (at.status != AttachStatus::kOk) return {at.status, 0, {}};

    auto resolved = std::make_unique<ResolvedPlan>();
    if (!encode_steps(plan, stream_id, encoding_id, log, resolved->steps)) {
        ++stats_.encoder_faults;
        return {AttachStatus::kEncoderFailed, 0, {}};
    }
    resolved->then = plan.then();
    resolved->from = plan.from();
    if (at.uses_log) {
        if (log == nullptr) {
            const auto entry = streams_.try_emplace(std::string(stream_id)).first;
            if (is_new) {
                entry->second.id = entry->first;
                entry->second.last = at.log_position;
            }
            log = &open_log(entry->second, encoding_id, at.log_position);
        }
        share(*log, reader.loop);
        resolved->uses_log = true;
        resolved->log = log->ref;
        resolved->log_start = at.log_start;
        resolved->log_position = at.log_position;
    }
    ++stats_.joins;
    const std::uint32_t ticket = ++next_ticket_;
    message_to(reader.loop)
        .commands.emplace_back(AttachCursor{reader, subscription, ticket, std::move(resolved)});
    return {AttachStatus::kOk, ticket, {}};
}

void LogSet::detach(ReaderRef reader, SubscriptionId subscription) {
    if (reader.loop >= options_.loops) return;
    message_to(reader.loop).commands.emplace_back(DetachCursor{reader, subscription});
}

/// Walks the plan without changing anything: do its items chain, and does the log hold what they name?
LogSet::Located LogSet::locate(const Plan& plan, Log* log, const Stream* stream) const {
    Located out;
    out.end = plan.from();
    const auto fail = [&out](AttachStatus status) {
        out.status = status;
        return out;
    };
    const auto enter_log = [&out, log, stream](Position at) {
        std::optional<BlockPos> place;
        if (log != nullptr)
            place = log->locate(at);
        else if (stream == nullptr || stream->last == at)
            place = BlockPos{};
        if (place && !std::exchange(out.uses_log, true)) {
            out.log_start = *place;
            out.log_position = at;
        }
        return place.has_value();
    };
    for (const Plan::Item& item : plan.items()) {
        if (const auto* text = std::get_if<Plan::Text>(&item)) {
            if (text->payload.empty()) return fail(AttachStatus::kBroken);
            continue;
        }
        if (const auto* range = std::get_if<Plan::Log>(&item)) {
            if (range->after != out.end || range->to.seq < range->after.seq)
                return fail(AttachStatus::kBroken);
            if (log == nullptr || !enter_log(range->after) || !log->locate(range->to))
                return fail(AttachStatus::kNotInLog);
            out.end = range->to;
            continue;
        }
        // A cursor goes through the log once: what has to be read from elsewhere comes before.
        if (out.uses_log) return fail(AttachStatus::kBroken);
        if (const auto* records = std::get_if<Plan::Records>(&item)) {
            if (!chains(out.end, records->records)) return fail(AttachStatus::kBroken);
        } else {
            out.end = std::get<Plan::Snapshot>(item).at;
        }
    }
    if (plan.then() == Plan::Then::kJoin) {
        if (plan.join_at() != out.end) return fail(AttachStatus::kBroken);
        if (!enter_log(plan.join_at())) return fail(AttachStatus::kNotInLog);
    }
    return out;
}

bool LogSet::encode_steps(const Plan& plan, std::string_view stream, EncodingId encoding_id, const Log* log,
                          std::vector<PlanStep>& steps) {
    TextBlock texts(plan, encoding(encoding_id)->framing);
    for (const Plan::Item& item : plan.items()) {
        if (const auto* text = std::get_if<Plan::Text>(&item)) {
            steps.push_back(texts.add(*text));
        } else if (const auto* range = std::get_if<Plan::Log>(&item)) {
            steps.push_back({PlanStep::Kind::kLog, {}, 0, 0, *log->locate(range->to)});
        } else {
            const auto* records = std::get_if<Plan::Records>(&item);
            const auto* snapshot = std::get_if<Plan::Snapshot>(&item);
            SegmentCache::Key key{std::string(stream), encoding_id, snapshot != nullptr, {}, {}, 0};
            const std::span<const RecordView> views =
                snapshot != nullptr ? snapshot->records : records->records;
            key.from = snapshot != nullptr ? Position{} : views.front().before();
            key.to = snapshot != nullptr ? snapshot->at : views.back().after();
            key.records = views.size();
            const SegmentCache::Blocks blocks = segment(std::move(key), views);
            if (blocks.empty()) return false;
            for (const BlockRef& block : blocks)
                steps.push_back(
                    {PlanStep::Kind::kSegment, block, 0, 0, {0, block->data_end(), block->mark_count()}});
        }
    }
    return true;
}

/// Empty: the encoder failed.
SegmentCache::Blocks LogSet::segment(SegmentCache::Key key, std::span<const RecordView> records) {
    if (const SegmentCache::Blocks* shared = segments_.find(key); shared != nullptr) {
        ++stats_.shared_segments;
        return *shared;
    }
    const Encoding& coding = *encoding(key.encoding);
    FrameChain chain(key.snapshot ? key.to : key.from);
    FrameWriter writer =
        key.snapshot ? FrameWriter::single(chain, coding.framing) : FrameWriter(chain, coding.framing);
    const bool encoded = key.snapshot ? coding.encoder->snapshot(key.stream, records, key.to, writer)
                                      : coding.encoder->encode(key.stream, records, writer);
    if (!encoded || !writer.good() || writer.frames() == 0 || chain.last() != key.to) return {};
    stats_.frames += writer.frames();
    stats_.bytes += writer.bytes();
    SegmentCache::Blocks blocks;
    for (std::uint32_t i = chain.blocks().base(); i != chain.blocks().end(); ++i)
        blocks.push_back(chain.blocks().at(i));
    segments_.insert(std::move(key), blocks, now_ms_);
    return blocks;
}

void LogSet::share(Log& log, std::uint32_t loop) {
    auto share = std::find_if(log.shares.begin(), log.shares.end(),
                              [loop](const Log::Share& candidate) { return candidate.loop == loop; });
    if (share == log.shares.end()) {
        LoopMessage& message = message_to(loop);
        message.commands.emplace_back(OpenView{state_of(log, log.chain.blocks().base(), message)});
        share = log.shares.insert(log.shares.end(), Log::Share{loop, 0});
    }
    ++share->cursors;
    touch(log);
}

}  // namespace streamhost::delivery
