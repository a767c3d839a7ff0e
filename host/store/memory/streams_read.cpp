// What readers ask. None of these changes a stream.

#include <algorithm>
#include <utility>

#include "store/memory/streams.hpp"
#include "store/validate.hpp"

namespace streamhost::store::memory {

const ReadResult& ReadAnswer::view() {
    result.info.user = user;
    result.records = records;
    return result;
}

const StreamListResult& StreamListAnswer::view() {
    for (std::size_t i = 0; i < items.size(); ++i) {
        items[i].id = kept[i].id;
        items[i].info.user = kept[i].user;
        items[i].job = kept[i].job;
    }
    result.items = items;
    return result;
}

Submit MemoryStreams::read(const ReadRequest& request, ReadDone done) {
    return core_.run<ReadAnswer>(check(request), std::move(done), [&] { return read_now(request); });
}

ReadAnswer MemoryStreams::read_now(const ReadRequest& request) {
    const Stream* stream = table_.find(request.id);
    ReadAnswer answer;
    answer.result.status = stream ? Status::kOk : Status::kNoStream;
    if (!stream) return answer;
    answer.result.info = table_.info(*stream);
    answer.user = stream->user;

    Position at = stream->at(request.from - 1);
    answer.result.before = at;
    std::uint64_t bytes = 0;
    while (at.seq < stream->head.seq && answer.records.size() < request.max_entries) {
        const EntryLog::Kept& kept = stream->log[at.seq - stream->base.seq];
        bytes += kept.data.size();
        if (bytes > request.max_bytes && !answer.records.empty()) break;
        answer.records.push_back(
            {at.seq + 1, at.check, kept.check, kept.fence, kept.ts_ms, kept.type, kept.data});
        at = {at.seq + 1, kept.check};
    }
    return answer;
}

void MemoryStreams::add_item(StreamListAnswer& list, std::string_view id, const Stream* stream) const {
    StreamItem item;
    StreamListAnswer::Kept kept{std::string(id), {}, {}};
    if (stream) {
        item.status = Status::kOk;
        item.info = table_.info(*stream);
        kept.user = stream->user;
    }
    list.items.push_back(item);
    list.kept.push_back(std::move(kept));
}

Submit MemoryStreams::tail(const TailRequest& request, StreamListDone done) {
    return core_.run<StreamListAnswer>(check(request), std::move(done), [&] {
        StreamListAnswer list;
        list.result.status = Status::kOk;
        for (const std::string_view id : request.ids)
            add_item(list, id, table_.find(id));
        return list;
    });
}

Submit MemoryStreams::runs(const RunsRequest& request, StreamListDone done) {
    return core_.run<StreamListAnswer>(check(request), std::move(done), [&] {
        StreamListAnswer list;
        list.result.status = Status::kOk;
        for (const Stream* stream : table_.runs_of(request.home)) {
            add_item(list, *stream->id, stream);
            if (stream->extra) list.kept.back().job = stream->extra->job;
        }
        return list;
    });
}

}  // namespace streamhost::store::memory
