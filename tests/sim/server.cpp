#include "sim/server.hpp"

#include <algorithm>

namespace streamhost::sim {

std::uint64_t chain(std::uint64_t prev, std::uint32_t type, sh_bytes data) {
    std::uint64_t hash = prev ^ (std::uint64_t{type} << 56U) ^ 0xcbf29ce484222325U;
    for (std::uint64_t i = 0; i < data.size; ++i)
        hash = (hash ^ static_cast<unsigned char>(data.data[i])) * 0x100000001b3U;
    return hash ^ (hash >> 29U);
}

sh_record Entry::record() const noexcept {
    sh_record record{};
    record.seq = seq;
    record.prev = prev;
    record.check = check;
    record.fence = fence;
    record.type = type;
    record.data = {data.data(), data.size()};
    return record;
}

Position Stream::head() const noexcept {
    return log.empty() ? Position{} : Position{log.back().seq, log.back().check};
}

std::uint64_t Stream::check_at(std::uint64_t seq) const noexcept {
    return seq == 0 || seq > log.size() ? 0 : log[seq - 1].check;
}

Status Server::claim(Stream& stream, const Command& command, std::int64_t now_ms, Reply& reply) {
    Meta& meta = stream.meta;
    if (!meta.is_open) return Status::kEnded;
    if (meta.lease_ms > now_ms && meta.pid != command.pid) return Status::kHeld;
    const auto give = [&](std::uint64_t fence) {
        meta.fence = fence;
        meta.pid = command.pid;
        ++meta.claims;
        meta.owners.push_back({command.pid, stream.head().seq});
        reply.is_fresh = true;
    };
    if (command.given > 0) {
        if (meta.fence > command.given) return Status::kFenced;
        if (meta.fence < command.given) give(command.given);
    } else if (meta.lease_ms <= now_ms) {
        give(std::max(meta.fence + 1, static_cast<std::uint64_t>(now_ms)));
    }
    meta.lease_ms = now_ms + kLeaseMs;
    return Status::kOk;
}

Status Server::append(Stream& stream, const Command& command, std::int64_t now_ms, Mutation mutation,
                      Entries& added) {
    Meta& meta = stream.meta;
    const bool is_fenced = mutation != Mutation::kNoFence && meta.fence != command.fence;
    const bool is_other =
        mutation != Mutation::kNoFence && mutation != Mutation::kNoPid && meta.pid != command.pid;
    if (is_fenced || is_other) return Status::kFenced;

    const std::uint64_t count = stream.head().seq;
    const Entry& last = command.records.back();
    Status status = Status::kOk;
    if (last.seq <= count) {
        const bool is_same = stream.check_at(last.seq) == last.check;
        if (!meta.is_open) return is_same ? Status::kDuplicate : Status::kEnded;
        if (!is_same) return Status::kConflict;
        status = Status::kDuplicate;
    } else if (!meta.is_open) {
        return Status::kEnded;
    } else if (command.records.front().seq > count + 1) {
        return Status::kGap;
    } else {
        auto fresh =
            command.records.begin() + static_cast<std::ptrdiff_t>(count + 1 - command.records.front().seq);
        if (fresh->prev != stream.head().check) return Status::kDiverged;
        added.assign(fresh, command.records.end());
        stream.log.insert(stream.log.end(), fresh, command.records.end());
        meta.is_open = last.type != SH_RECORD_END;
    }
    meta.lease_ms = meta.is_open ? std::max(meta.lease_ms, now_ms + kLeaseMs) : 0;
    return status;
}

void Server::read(const Stream& stream, std::uint64_t from, Reply& reply) {
    constexpr std::size_t kPage = 16;
    const std::uint64_t before = std::min(from - 1, stream.head().seq);
    reply.before_check = stream.check_at(before);
    const auto first = stream.log.begin() + static_cast<std::ptrdiff_t>(before);
    const auto count = std::min<std::ptrdiff_t>(stream.log.end() - first, kPage);
    reply.entries.assign(first, first + count);
}

Reply Server::execute(const Command& command, std::int64_t now_ms, Mutation mutation,
                      std::shared_ptr<Effect>& effect) {
    Stream& stream = streams_[command.run];
    Reply reply;
    Entries added;
    reply.status = Status::kOk;
    bool writes = true;
    switch (command.kind) {
    case Command::Kind::kClaim: reply.status = claim(stream, command, now_ms, reply); break;
    case Command::Kind::kAppend: reply.status = append(stream, command, now_ms, mutation, added); break;
    case Command::Kind::kRenew:
        if (stream.meta.fence != command.fence || stream.meta.pid != command.pid) {
            reply.status = Status::kFenced;
        } else if (!stream.meta.is_open) {
            reply.status = Status::kEnded;
        } else {
            stream.meta.lease_ms = std::max(stream.meta.lease_ms, now_ms + kLeaseMs);
        }
        break;
    case Command::Kind::kRead:
        read(stream, command.from, reply);
        writes = false;
        break;
    case Command::Kind::kTail: writes = false; break;
    }
    const bool is_good = reply.status == Status::kOk || reply.status == Status::kDuplicate;
    if (writes && is_good)
        effect = std::make_shared<Effect>(Effect{command.run, stream.meta, std::move(added)});
    reply.is_open = stream.meta.is_open;
    reply.head = stream.head();
    reply.fence = stream.meta.fence;
    reply.claims = stream.meta.claims;
    reply.left_ms = std::max<std::int64_t>(0, stream.meta.lease_ms - now_ms);
    return reply;
}

void Server::apply(const Effect& effect) {
    Stream& stream = streams_[effect.run];
    stream.meta = effect.meta;
    stream.log.insert(stream.log.end(), effect.added.begin(), effect.added.end());
}

}  // namespace streamhost::sim
