// Shared streams: the store numbers and chains; they trim and never end.

#include <utility>

#include "store/memory/streams.hpp"
#include "store/validate.hpp"

namespace streamhost::store::memory {
namespace {

std::uint64_t data_bytes(std::span<const Entry> entries) noexcept {
    std::uint64_t bytes = 0;
    for (const Entry& entry : entries)
        bytes += entry.data.size();
    return bytes;
}

// A key carries no hash of its content: the chain from where it was written tells whether the content is the
// same.
bool same_content(const Remembered& known, std::span<const Entry> entries) {
    if (entries.size() != known.last.seq - known.first + 1) return false;
    std::uint64_t check = known.prev;
    for (const Entry& entry : entries)
        check = next_check(check, entry.type, entry.data.view());
    return check == known.last.check;
}

void show(const Remembered& known, PublishAnswer& answer) {
    answer.result.first = known.first;
    answer.result.last = known.last;
    if (known.note) answer.answer = known.note->answer;
}

}  // namespace

const PublishResult& PublishAnswer::view() {
    result.user = user;
    result.answer = answer;
    return result;
}

Submit MemoryStreams::publish(const PublishRequest& request, PublishDone done) {
    return core_.run<PublishAnswer>(check(request), std::move(done), [&] { return publish_now(request); });
}

Submit MemoryStreams::send(const SendRequest& request, PublishDone done) {
    return core_.run<PublishAnswer>(check(request), std::move(done), [&] { return send_now(request); });
}

Status MemoryStreams::judge_shared(const Stream* stream, std::string_view user, Access access,
                                   std::span<const Entry> entries) const {
    if (entries.size() > core_.limits().shared_entries || data_bytes(entries) > core_.limits().shared_bytes)
        return Status::kTooLarge;
    if (!stream) return Status::kOk;
    if (stream->mode != Mode::kShared) return Status::kConflict;
    if (access == Access::kOwner && !stream->user.empty() && stream->user != user) return Status::kForbidden;
    return Status::kOk;
}

PublishAnswer MemoryStreams::publish_now(const PublishRequest& request) {
    PublishAnswer answer;
    Status& status = answer.result.status;
    Stream* stream = table_.find(request.id);
    if (stream) answer.user = stream->user;
    status = judge_shared(stream, request.user, request.access, request.entries);
    if (status != Status::kOk) return answer;

    const std::int64_t now = core_.now();
    if (stream && stream->extra)
        if (const auto* known =
                stream->extra->published.find(request.key, now - core_.limits().publish_key_ms)) {
            status = same_content(*known, request.entries) ? Status::kDuplicate : Status::kConflict;
            if (status == Status::kDuplicate) show(*known, answer);
            return answer;
        }

    const std::uint64_t more = data_bytes(request.entries) + request.entries.size() * EntryLog::kOverhead;
    if (!table_.make_room(more + empty_stream_bytes(request.id, request.user))) {
        status = Status::kExhausted;
        return answer;
    }
    stream = table_.find(request.id);
    if (!stream) stream = &table_.create(request.id, Mode::kShared, request.user);
    const std::uint64_t prev = stream->head.check;
    write_shared(*stream, request.entries, answer);
    stream->more().published.add(request.key, {now, answer.result.first, prev, answer.result.last, nullptr},
                                 core_.limits().publish_keys);
    table_.charge(*stream);
    return answer;
}

PublishAnswer MemoryStreams::send_now(const SendRequest& request) {
    PublishAnswer answer;
    Status& status = answer.result.status;
    Stream* home = table_.find(request.home);
    if (home) answer.user = home->user;
    status = judge_shared(home, request.user, request.access, request.entries);
    if (status != Status::kOk) return answer;

    const std::int64_t now = core_.now();
    if (home && home->extra)
        if (const auto* known = home->extra->sent.find(request.key, now - core_.limits().send_key_ms)) {
            status =
                known->note->content_hash == request.content_hash ? Status::kDuplicate : Status::kConflict;
            if (status == Status::kDuplicate) show(*known, answer);
            return answer;
        }

    if (table_.find(request.run))
        status = Status::kConflict;
    else if (!table_.home_has_room(request.run))
        status = Status::kFull;
    if (status != Status::kOk) return answer;
    const std::uint64_t more = data_bytes(request.entries) + request.entries.size() * EntryLog::kOverhead +
                               empty_stream_bytes(request.home, request.user) +
                               empty_stream_bytes(request.run, request.user) + request.job.size() +
                               request.answer.size();
    if (!table_.make_room(more)) {
        status = Status::kExhausted;
        return answer;
    }
    home = table_.find(request.home);
    if (!home) home = &table_.create(request.home, Mode::kShared, request.user);
    Stream& run = table_.create(request.run, Mode::kOwned, request.user);
    if (!request.job.empty()) run.more().job = request.job;
    table_.charge(run);

    const std::uint64_t prev = home->head.check;
    write_shared(*home, request.entries, answer);
    answer.answer = request.answer;
    auto note =
        std::make_unique<SendNote>(SendNote{std::string(request.content_hash), std::string(request.answer)});
    home->more().sent.add(request.key, {now, answer.result.first, prev, answer.result.last, std::move(note)},
                          core_.limits().send_keys);
    table_.charge(*home);
    return answer;
}

void MemoryStreams::write_shared(Stream& stream, std::span<const Entry> entries, PublishAnswer& answer) {
    std::vector<Record> records(entries.size());
    for (std::size_t i = 0; i < entries.size(); ++i) {
        records[i].type = entries[i].type;
        records[i].data = entries[i].data.compact();
        records[i].ts_ms = core_.now();
    }
    stream.head = chain(stream.head, records);
    for (const Record& record : records)
        stream.log.push(record);
    trim(stream);
    table_.touch(stream);
    answer.result.status = Status::kOk;
    answer.result.first = records.front().seq;
    answer.result.last = stream.head;
    answer.user = stream.user;
    channels_.on_written(*stream.id, std::move(records));
}

void MemoryStreams::trim(Stream& stream) const {
    const Limits& limits = core_.limits();
    while (stream.log.size() > limits.shared_entries || stream.log.data_bytes() > limits.shared_bytes)
        stream.base = {stream.base.seq + 1, stream.log.pop()};
}

}  // namespace streamhost::store::memory
