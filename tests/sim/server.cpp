#include "sim/server.hpp"

#include <algorithm>

#include "streamhost/bytes.hpp"

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

Status Server::claim(const Call& call) {
    Stream& stream = call.stream;
    const Command& command = call.command;
    Meta& meta = stream.meta;
    if (!meta.is_open()) return Status::kEnded;
    if (meta.lease_ms > call.now_ms && meta.pid != command.pid) return Status::kHeld;
    const auto give = [&](std::uint64_t fence) {
        meta.fence = fence;
        meta.pid = command.pid;
        ++meta.claims;
        meta.owners.push_back({command.pid, stream.head().seq});
        call.reply.is_fresh = true;
    };
    if (command.given > 0) {
        if (meta.fence > command.given) return Status::kFenced;
        if (meta.fence == command.given) return Status::kOk;
        give(command.given);
    } else if (meta.lease_ms <= call.now_ms) {
        give(std::max(meta.fence + 1, static_cast<std::uint64_t>(call.now_ms)));
    }
    meta.lease_ms = call.now_ms + command.lease_ms;
    return Status::kOk;
}

Status Server::append(const Call& call) {
    Stream& stream = call.stream;
    const Command& command = call.command;
    Meta& meta = stream.meta;
    const bool is_fenced = call.mutation != Mutation::kNoFence && meta.fence != command.fence;
    const bool is_other = call.mutation != Mutation::kNoFence && command.pid != 0 && meta.pid != command.pid;
    if (is_fenced || is_other) return Status::kFenced;

    const std::uint64_t count = stream.head().seq;
    const Entry& last = command.records.back();
    Status status = Status::kOk;
    if (last.seq <= count) {
        const bool is_same = stream.check_at(last.seq) == last.check;
        if (!meta.is_open()) return is_same ? Status::kDuplicate : Status::kEnded;
        if (!is_same) return Status::kConflict;
        status = Status::kDuplicate;
    } else if (!meta.is_open()) {
        return Status::kEnded;
    } else if (command.records.front().seq > count + 1) {
        return Status::kGap;
    } else {
        auto fresh =
            command.records.begin() + static_cast<std::ptrdiff_t>(count + 1 - command.records.front().seq);
        if (fresh->prev != stream.head().check) return Status::kDiverged;
        call.added.assign(fresh, command.records.end());
        stream.log.insert(stream.log.end(), fresh, command.records.end());
        meta.state = command.state;
    }
    meta.lease_ms = meta.is_open() ? std::max(meta.lease_ms, call.now_ms + command.lease_ms) : 0;
    return status;
}

Status Server::renew(const Call& call) {
    Meta& meta = call.stream.meta;
    const bool is_other = call.command.pid != 0 && meta.pid != call.command.pid;
    if (meta.fence != call.command.fence || is_other) return Status::kFenced;
    if (!meta.is_open()) return Status::kEnded;
    const std::int64_t until_ms = call.now_ms + call.command.lease_ms;
    meta.lease_ms = call.command.lease_ms == 0 ? until_ms : std::max(meta.lease_ms, until_ms);
    return Status::kOk;
}

Status Server::finish(const Call& call) {
    Stream& stream = call.stream;
    const Command& command = call.command;
    Meta& meta = stream.meta;
    const auto check_after = [&](std::uint64_t prev) {
        return chain(prev, SH_RECORD_END, streamhost::bytes(command.data));
    };
    if (!meta.is_open()) {
        const bool is_same =
            meta.state == command.state && check_after(stream.log.back().prev) == stream.head().check;
        return is_same ? Status::kDuplicate : Status::kEnded;
    }
    if (command.fence != 0 && command.fence != meta.fence) return Status::kFenced;
    const Position head = stream.head();
    if (head.seq < command.from && call.mutation != Mutation::kEarlyEnds) return Status::kGap;
    call.added.push_back(
        {head.seq + 1, head.check, check_after(head.check), meta.fence, 0, SH_RECORD_END, command.data});
    stream.log.push_back(call.added.back());
    meta.state = command.state;
    meta.lease_ms = 0;
    return Status::kOk;
}

Status Server::publish(const Call& call) {
    Stream& stream = call.stream;
    std::vector<Published>& keys = stream.meta.keys;
    const auto known = std::find_if(keys.begin(), keys.end(), [&](const Published& published) {
        return published.key == call.command.key && call.mutation != Mutation::kNoPubId;
    });
    const Position& before = call.command.known_as;
    const bool is_there = before.seq > 0 && stream.check_at(before.seq) == before.check;
    if (call.command.is_question) return is_there ? Status::kDuplicate : Status::kGap;
    const bool is_new = known == keys.end();
    if (is_new && is_there) return Status::kDuplicate;
    if (is_new && stream.head().seq < call.command.from) return Status::kGap;
    if (is_new) {
        Published published{call.command.key, stream.head().seq + 1, {}};
        for (const Entry& record : call.command.records) {
            const Position head = stream.head();
            const std::uint64_t check = chain(head.check, record.type, streamhost::bytes(record.data));
            call.added.push_back({head.seq + 1, head.check, check, 0, 0, record.type, record.data});
            stream.log.push_back(call.added.back());
        }
        published.last = stream.head();
        keys.push_back(std::move(published));
    }
    const Published& answer = is_new ? keys.back() : *known;
    call.reply.first = answer.first;
    call.reply.last = answer.last;
    return is_new ? Status::kOk : Status::kDuplicate;
}

Status Server::read(const Call& call) {
    const Entries& log = call.stream.log;
    const std::uint64_t before = std::min(call.command.from - 1, call.stream.head().seq);
    const auto first = log.begin() + static_cast<std::ptrdiff_t>(before);
    const auto count = std::min(log.end() - first, static_cast<std::ptrdiff_t>(call.command.most));
    call.reply.entries.assign(first, first + count);
    return Status::kOk;
}

Reply Server::execute(const Command& command, std::int64_t now_ms, Mutation mutation,
                      std::shared_ptr<Effect>& effect) {
    Stream& stream = streams_[command.stream];
    Reply reply;
    Entries added;
    const Call call{stream, command, now_ms, mutation, reply, added};
    reply.status = Status::kOk;
    switch (command.kind) {
    case Command::Kind::kClaim: reply.status = claim(call); break;
    case Command::Kind::kAppend: reply.status = append(call); break;
    case Command::Kind::kRenew: reply.status = renew(call); break;
    case Command::Kind::kFinish: reply.status = finish(call); break;
    case Command::Kind::kPublish: reply.status = publish(call); break;
    case Command::Kind::kProof: return {Status::kOk};
    case Command::Kind::kRead: reply.status = read(call); break;
    case Command::Kind::kTail:
        for (const std::size_t asked : command.streams)
            reply.tails.emplace_back(streams_[asked].meta, streams_[asked].head());
        break;
    }
    const bool is_good = reply.status == Status::kOk || reply.status == Status::kDuplicate;
    reply.now_ms = now_ms;
    reply.head = stream.head();
    reply.fields = stream.meta;
    if (command.writes() && is_good)
        effect = std::make_shared<Effect>(Effect{command.stream, stream.meta, std::move(added), {}});
    return reply;
}

void Server::apply(const Effect& effect) {
    Stream& stream = streams_[effect.stream];
    stream.meta = effect.meta;
    stream.log.insert(stream.log.end(), effect.added.begin(), effect.added.end());
}

}  // namespace streamhost::sim
