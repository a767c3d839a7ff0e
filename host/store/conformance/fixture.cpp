#include "store/conformance/fixture.hpp"

#include <atomic>
#include <chrono>

namespace streamhost::store::conformance {

Buffer bytes(std::string_view text) { return Buffer::copy_of(text); }

Entry entry(std::string_view text, Type type) { return {type, bytes(text)}; }

std::vector<Entry> entries_of(std::initializer_list<std::string_view> texts) {
    std::vector<Entry> entries;
    for (const std::string_view text : texts)
        entries.push_back(entry(text));
    return entries;
}

std::vector<Record> records_after(Position from, std::initializer_list<std::string_view> texts) {
    std::vector<Record> records;
    for (const std::string_view text : texts) {
        records.emplace_back();
        records.back().data = bytes(text);
    }
    chain(from, records);
    return records;
}

Record end_after(Position from, std::string_view text) {
    Record record;
    record.type = Type::kEnd;
    record.data = bytes(text);
    chain(from, {&record, 1});
    return record;
}

void Conformance::TearDown() {
    // Whatever the test left open is answered by the shutdown, and everything once.
    bench_->store().shutdown();
    EXPECT_TRUE(bench_->run_until([&] { return bench_->store().stats().in_flight == 0; }));
    for (const auto& answers : started_)
        EXPECT_EQ(answers(), 1);
    bench_.reset();
}

std::string Conformance::fresh_home() {
    static const auto kStart = std::chrono::steady_clock::now().time_since_epoch().count();
    static std::atomic<int> count{0};
    return "h" + std::to_string(kStart % 1'000'000'007) + "-" + std::to_string(++count);
}

Conformance::Producer Conformance::produce(std::string id, std::uint64_t pid, std::uint32_t lease_ms) {
    const StreamReply reply = claim({.id = id, .pid = pid, .lease_ms = lease_ms});
    EXPECT_EQ(reply.status, Status::kOk);
    return {std::move(id), reply.info.fence, pid, reply.info.head};
}

StreamReply Conformance::write(Producer& producer, std::initializer_list<std::string_view> texts) {
    const auto records = records_after(producer.head, texts);
    StreamReply reply = append(producer, records);
    if (reply.status == Status::kOk) producer.head = {records.back().seq, records.back().check};
    return reply;
}

StreamReply Conformance::end(Producer& producer, State state) {
    const Record record = end_after(producer.head);
    StreamReply reply = append(producer, {&record, 1}, state);
    if (reply.status == Status::kOk) producer.head = {record.seq, record.check};
    return reply;
}

StreamReply Conformance::claim(const ClaimRequest& request) {
    return run<StreamReply>(
        [&](StreamDone done) { return store().streams().claim(request, std::move(done)); });
}

StreamReply Conformance::append(const Producer& producer, std::span<const Record> records, State end_state) {
    const AppendRequest request{.id = producer.id,
                                .fence = producer.fence,
                                .pid = producer.pid,
                                .records = records,
                                .end_state = end_state,
                                .lease_ms = 6000};
    return run<StreamReply>(
        [&](StreamDone done) { return store().streams().append(request, std::move(done)); });
}

StreamReply Conformance::renew(const Producer& producer, std::uint32_t lease_ms) {
    const RenewRequest request{
        .id = producer.id, .fence = producer.fence, .pid = producer.pid, .lease_ms = lease_ms};
    return run<StreamReply>(
        [&](StreamDone done) { return store().streams().renew(request, std::move(done)); });
}

StreamReply Conformance::finish(std::string_view id, State state, std::string_view data,
                                std::uint64_t if_fence) {
    const FinishRequest request{.id = id, .end_state = state, .data = bytes(data), .if_fence = if_fence};
    return run<StreamReply>(
        [&](StreamDone done) { return store().streams().finish(request, std::move(done)); });
}

PublishReply Conformance::publish(std::string_view id, std::string_view key, std::span<const Entry> entries,
                                  std::string_view user, Access access) {
    const PublishRequest request{.id = id, .key = key, .entries = entries, .user = user, .access = access};
    return run<PublishReply>(
        [&](PublishDone done) { return store().streams().publish(request, std::move(done)); });
}

PublishReply Conformance::send(const SendRequest& request) {
    return run<PublishReply>(
        [&](PublishDone done) { return store().streams().send(request, std::move(done)); });
}

ReadReply Conformance::read(std::string_view id, std::uint64_t from, std::uint32_t max_entries,
                            std::uint32_t max_bytes) {
    const ReadRequest request{.id = id, .from = from, .max_entries = max_entries, .max_bytes = max_bytes};
    return run<ReadReply>([&](ReadDone done) { return store().streams().read(request, std::move(done)); });
}

ListReply Conformance::tail(std::vector<std::string_view> ids) {
    const TailRequest request{.ids = ids};
    return run<ListReply>(
        [&](StreamListDone done) { return store().streams().tail(request, std::move(done)); });
}

ListReply Conformance::runs(std::string_view home) {
    const RunsRequest request{.home = home};
    return run<ListReply>(
        [&](StreamListDone done) { return store().streams().runs(request, std::move(done)); });
}

}  // namespace streamhost::store::conformance
