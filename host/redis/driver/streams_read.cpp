#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "redis/driver/answer.hpp"
#include "redis/driver/lua_scripts.hpp"
#include "redis/driver/records.hpp"
#include "redis/driver/streams.hpp"
#include "store/validate.hpp"

namespace streamhost::redis {

using store::home_of;
using store::Status;
using store::Submit;

namespace {

// Whether the records are what stands between the number asked and the head, and one chain.
bool is_chain(const std::vector<store::Record>& records, std::uint64_t from, const store::StreamInfo& info) {
    std::uint64_t seq = std::max(from, info.base.seq + 1);
    for (std::size_t i = 0; i < records.size(); ++i, ++seq) {
        const store::Record& record = records[i];
        const std::uint64_t before = i == 0 ? record.prev : records[i - 1].check;
        if (record.seq != seq || record.prev != before) return false;
        if (seq == info.base.seq + 1 && record.prev != info.base.check) return false;
        if (seq == info.head.seq && record.check != info.head.check) return false;
    }
    return seq <= info.head.seq + 1 || records.empty();
}

// {status} or {status, now, fields, user, {entry ...}}
bool fill(store::ReadResult& result, std::vector<store::Record>& records, const RespValue& value,
          std::uint64_t from) {
    if (status_in(value[0]) == Status::kNoStream) {
        result.status = Status::kNoStream;
        return true;
    }
    const auto fields = parse_fields(value[2].text(), value[1].integer());
    const RespValue entries = value[4];
    if (!fields || !entries.is_list()) return false;
    records.reserve(entries.size());
    RespValue entry = entries.first();
    for (std::uint32_t i = 0; i < entries.size(); ++i, entry = entry.after()) {
        const auto owner = store::Buffer::copy_of(entry.text());
        auto record = parse_entry(owner.view(), owner);
        if (!record) return false;
        records.push_back(std::move(*record));
    }
    result.info = fields->info;
    result.info.user = value[3].text();
    if (!is_chain(records, from, result.info)) return false;
    result.before =
        records.empty() ? result.info.head : store::Position{records.front().seq - 1, records.front().prev};
    result.records = records;
    result.status = Status::kOk;
    return true;
}

struct ListedRun {
    std::string id;
    store::StreamItem item;
    std::int64_t created_us = 0;
};

// {fields, user[, job]}; without fields there is no stream.
void fill(store::StreamItem& item, std::int64_t& created_us, const RespValue& value, std::int64_t now_ms) {
    if (value[0].is(RespType::kNull)) return;
    const auto fields = parse_fields(value[0].text(), now_ms);
    item.status = fields ? Status::kOk : Status::kConflict;
    if (!fields) return;
    item.info = fields->info;
    item.info.user = value[1].text();
    item.job = value[2].text();
    created_us = fields->created_us;
}

// {now, {fields, user} ...}
std::vector<store::StreamItem> tail_items(const std::vector<std::string>& ids, const RespValue& value) {
    const std::int64_t now_ms = value.first().integer();
    std::vector<store::StreamItem> items;
    RespValue one = value.first();
    for (const std::string& id : ids) {
        std::int64_t created_us = 0;
        one = one.after();
        fill(items.emplace_back(store::StreamItem{.id = id}), created_us, one, now_ms);
    }
    return items;
}

// {now, member, {fields, user, job}, member, ...}
std::vector<ListedRun> listed_runs(const std::string& home, const RespValue& value) {
    const std::int64_t now_ms = value.first().integer();
    std::vector<ListedRun> runs;
    RespValue at = value.first();
    for (std::uint32_t i = 1; i < value.size(); i += 2) {
        const RespValue member = at.after();
        at = member.after();
        ListedRun run{home + std::string(member.text()), {}, 0};
        fill(run.item, run.created_us, at, now_ms);
        if (run.item.status != Status::kNoStream) runs.push_back(std::move(run));
    }
    std::stable_sort(runs.begin(), runs.end(),
                     [](const ListedRun& a, const ListedRun& b) { return a.created_us < b.created_us; });
    return runs;
}

}  // namespace

Submit RedisStreams::read(const store::ReadRequest& request, store::ReadDone done) {
    const auto build = [&] {
        Call call(lua::kRead);
        call.key(context_.keys().meta(request.id)).key(context_.keys().chunks(request.id));
        call.arg(request.from).arg(request.max_entries).arg(request.max_bytes);
        return call;
    };
    return context_.run(check(request), {home_of(request.id), request.timeout_ms}, build,
                        [this, from = request.from, done = std::move(done)](const Reply& reply) mutable {
                            store::ReadResult result;
                            std::vector<store::Record> records;
                            result.status = reply.status;
                            if (reply.status == Status::kOk && !fill(result, records, reply.value, from)) {
                                result = {};
                                result.status = foreign("read", "entries that are not the stream's chain");
                            }
                            done(result);
                        });
}

Submit RedisStreams::tail(const store::TailRequest& request, store::StreamListDone done) {
    const auto build = [&] {
        Call call(lua::kTail);
        for (const std::string_view id : request.ids)
            call.key(context_.keys().meta(id));
        return call;
    };
    const Status shape = check(request);
    std::vector<std::string> ids;
    if (shape == Status::kOk) ids.assign(request.ids.begin(), request.ids.end());
    return context_.run(shape, {{}, request.timeout_ms}, build,
                        [this, ids = std::move(ids), done = std::move(done)](const Reply& reply) mutable {
                            store::StreamListResult result;
                            std::vector<store::StreamItem> items;
                            result.status = reply.status;
                            if (reply.status == Status::kOk && reply.value.size() != ids.size() + 1)
                                result.status = foreign("tail", "not an answer for each stream");
                            if (result.status == Status::kOk) items = tail_items(ids, reply.value);
                            report_foreign("tail", items);
                            show_unsettled(items);
                            result.items = items;
                            done(result);
                        });
}

Submit RedisStreams::runs(const store::RunsRequest& request, store::StreamListDone done) {
    const auto build = [&] {
        Call call(lua::kRuns);
        call.key(context_.keys().runs(request.home)).key(context_.keys().meta(request.home));
        return call;
    };
    return context_.run(
        check(request), {request.home, request.timeout_ms}, build,
        [this, home = std::string(request.home), done = std::move(done)](const Reply& reply) mutable {
            store::StreamListResult result;
            std::vector<ListedRun> runs;
            result.status = reply.status;
            if (reply.status == Status::kOk) runs = listed_runs(home, reply.value);
            std::vector<store::StreamItem> items;
            for (ListedRun& run : runs) {
                run.item.id = run.id;
                items.push_back(run.item);
            }
            report_foreign("runs", items);
            show_unsettled(items);
            std::erase_if(items, [](const auto& item) { return item.status != Status::kOk; });
            result.items = items;
            done(result);
        });
}

void RedisStreams::report_foreign(std::string_view command, std::span<const store::StreamItem> items) {
    for (const store::StreamItem& item : items)
        if (item.status == Status::kConflict)
            context_.report(TroubleKind::kForeign, command,
                            std::string("no stream of ours: ").append(item.id));
}

void RedisStreams::on_message(std::string_view home, std::string_view payload) {
    const auto copy = store::Buffer::copy_of(payload);  // what the message's id lies in
    const auto message = parse_message(copy);
    if (!message || home_of(message->id) != home)
        return context_.report(TroubleKind::kForeign, "channel", "a message that is not the home's");
    context_.sink().on_records(message->id, message->records);
}

}  // namespace streamhost::redis
