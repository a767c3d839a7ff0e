#pragma once
// Results that may be kept: each copies what the views of a result show.

#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "store/store.hpp"

namespace streamhost::store {

// For failure messages.
inline void PrintTo(Status status, std::ostream* out) { *out << name_of(status); }
inline void PrintTo(const Position& position, std::ostream* out) { *out << to_text(position); }

}  // namespace streamhost::store

namespace streamhost::store::conformance {

struct StreamReply {
    StreamReply() = default;
    explicit StreamReply(const StreamResult& r)
        : status(r.status), info(r.info), last(r.last), user(r.info.user), job(r.job) {
        info.user = {};
    }
    Status status = Status::kGone;
    StreamInfo info;
    Position last;
    std::string user;
    std::string job;
};

struct PublishReply {
    PublishReply() = default;
    explicit PublishReply(const PublishResult& r)
        : status(r.status), first(r.first), last(r.last), answer(r.answer), user(r.user) {}
    Status status = Status::kGone;
    std::uint64_t first = 0;
    Position last;
    std::string answer;
    std::string user;
};

struct ReadReply {
    ReadReply() = default;
    explicit ReadReply(const ReadResult& r)
        : status(r.status), info(r.info), before(r.before), records(r.records.begin(), r.records.end()) {
        info.user = {};
    }
    Status status = Status::kGone;
    StreamInfo info;
    Position before;
    std::vector<Record> records;
};

struct ListReply {
    struct Item {
        std::string id;
        Status status;
        StreamInfo info;
        std::string user;
        std::string job;
    };
    ListReply() = default;
    explicit ListReply(const StreamListResult& r) : status(r.status) {
        for (const StreamItem& item : r.items) {
            items.push_back({std::string(item.id), item.status, item.info, std::string(item.info.user),
                             std::string(item.job)});
            items.back().info.user = {};
        }
    }
    Status status = Status::kGone;
    std::vector<Item> items;
};

struct OpenReply {
    OpenReply() = default;
    explicit OpenReply(const OpenResult& r)
        : status(r.status), members(r.members.begin(), r.members.end()), size(r.size) {}
    Status status = Status::kGone;
    std::vector<std::string> members;
    std::uint64_t size = 0;
};

struct QueueReply {
    struct Taken {
        std::string id;
        std::string payload;
        std::uint32_t deliveries;
    };
    QueueReply() = default;
    explicit QueueReply(const QueueResult& r)
        : status(r.status), id(r.id), count(r.count), waiting(r.waiting), pending(r.pending) {
        for (const Job& job : r.jobs)
            jobs.push_back({std::string(job.id), std::string(job.payload), job.deliveries});
    }
    Status status = Status::kGone;
    std::vector<Taken> jobs;
    std::string id;
    std::uint64_t count = 0;
    std::uint64_t waiting = 0;
    std::uint64_t pending = 0;
};

struct SessionReply {
    struct Entry {
        std::string session;
        std::string node;
        std::string user;
        std::string data;
        std::int64_t left_ms;
    };
    SessionReply() = default;
    explicit SessionReply(const SessionResult& r)
        : status(r.status),
          missing(r.missing.begin(), r.missing.end()),
          cursor(r.cursor),
          last_node(r.last_node),
          total(r.total) {
        for (const SessionEntry& e : r.entries)
            entries.push_back({std::string(e.session), std::string(e.node), std::string(e.user),
                               std::string(e.data), e.left_ms});
    }
    Status status = Status::kGone;
    std::vector<Entry> entries;
    std::vector<std::string> missing;
    std::string cursor;
    std::string last_node;
    std::uint64_t total = 0;
};

struct NodeReply {
    struct Entry {
        std::string node;
        std::string data;
        std::int64_t left_ms;
    };
    NodeReply() = default;
    explicit NodeReply(const NodeResult& r) : status(r.status) {
        for (const NodeEntry& e : r.nodes)
            nodes.push_back({std::string(e.node), std::string(e.data), e.left_ms});
    }
    Status status = Status::kGone;
    std::vector<Entry> nodes;
};

struct LockReply {
    LockReply() = default;
    explicit LockReply(const LockResult& r)
        : status(r.status), token(r.token), left_ms(r.left_ms), holder(r.holder) {}
    Status status = Status::kGone;
    std::uint64_t token = 0;
    std::int64_t left_ms = 0;
    std::string holder;
};

struct KeyReply {
    KeyReply() = default;
    explicit KeyReply(const KeyResult& r)
        : status(r.status), value(r.value.view()), left_ms(r.left_ms), now_ms(r.now_ms) {}
    Status status = Status::kGone;
    std::string value;
    std::int64_t left_ms = 0;
    std::int64_t now_ms = 0;
};

struct RateReply {
    RateReply() = default;
    explicit RateReply(const RateResult& r) : status(r.status), granted(r.granted), wait_ms(r.wait_ms) {}
    Status status = Status::kGone;
    std::uint32_t granted = 0;
    std::int64_t wait_ms = 0;
};

struct HistoryReply {
    HistoryReply() = default;
    explicit HistoryReply(const HistoryResult& r) : status(r.status) {
        for (const HistoryItem& item : r.items)
            items.emplace_back(item.id, item.data.view());
    }
    Status status = Status::kGone;
    std::vector<std::pair<std::string, std::string>> items;
};

struct ChannelReply {
    ChannelReply() = default;
    explicit ChannelReply(const ChannelResult& r) : status(r.status), receivers(r.receivers) {}
    Status status = Status::kGone;
    std::uint64_t receivers = 0;
};

}  // namespace streamhost::store::conformance
