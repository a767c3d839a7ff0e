// What is the memory driver's own: its bound, its policy at the bound, its sweep, its size.

#include "store/memory/memory_store.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <malloc.h>

#include "memory_bench.hpp"
#include "store/conformance/replies.hpp"

namespace streamhost::store::memory {
namespace {

using conformance::PublishReply;
using conformance::StreamReply;

class MemoryStoreTest : public testing::Test {
protected:
    void use(MemoryOptions options) { bench_ = std::make_unique<MemoryBench>(options); }
    Store& store() { return bench_->store(); }
    std::uint64_t bytes() { return store().stats().bytes; }

    template <typename Reply, typename Call>
    Reply run(Call&& call) {
        Reply reply;
        EXPECT_EQ(call([&](const auto& result) { reply = Reply(result); }), Submit::kAccepted);
        bench_->loop().settle();
        return reply;
    }

    Status publish(std::string_view id, std::string_view key, std::string_view text) {
        const Entry entry{Type::kMessage, Buffer::copy_of(text)};
        return run<PublishReply>([&](PublishDone done) {
                   return store().streams().publish(
                       {.id = id, .key = key, .entries = {&entry, 1}, .user = "ann"}, std::move(done));
               })
            .status;
    }
    Status claim(std::string_view id) {
        return run<StreamReply>([&](StreamDone done) {
                   return store().streams().claim({.id = id, .pid = 1, .lease_ms = 1000}, std::move(done));
               })
            .status;
    }
    Status finish(std::string_view id) {
        return run<StreamReply>([&](StreamDone done) {
                   return store().streams().finish({.id = id, .data = Buffer::copy_of("x")}, std::move(done));
               })
            .status;
    }
    Status send(const std::string& home, const std::string& local, std::string_view job) {
        const Entry entry{Type::kMessage, Buffer::copy_of("hi")};
        const std::string run_id = home + "." + local;
        return run<PublishReply>([&](PublishDone done) {
                   return store().streams().send({.home = home,
                                                  .key = local,
                                                  .content_hash = "h",
                                                  .run = run_id,
                                                  .entries = {&entry, 1},
                                                  .job = job},
                                                 std::move(done));
               })
            .status;
    }
    void sweep_all() {
        for (int i = 0; i < 2000; ++i)
            bench_->advance(250);
    }

    std::unique_ptr<MemoryBench> bench_;
};

TEST_F(MemoryStoreTest, OverItsBoundItRefusesWritesButTakesEnds) {
    MemoryOptions options;
    options.max_bytes = 1 << 20;
    use(options);
    ASSERT_EQ(claim("home.run"), Status::kOk);
    const std::string text(10'000, 'x');
    int written = 0;
    while (written < 1000 && publish("s", std::to_string(written), text) == Status::kOk)
        ++written;
    EXPECT_GT(written, 90);
    EXPECT_LT(written, 106);
    EXPECT_LE(bytes(), options.max_bytes);
    EXPECT_GT(store().stats().refused, 0U);
    EXPECT_EQ(publish("s", "again", text), Status::kExhausted);
    EXPECT_EQ(finish("home.run"), Status::kOk);
    // Nothing of a refused write may be left behind.
    EXPECT_EQ(publish("fresh", "k", std::string(50'000, 'y')), Status::kExhausted);
    EXPECT_EQ(send("fresh", "r", std::string(50'000, 'j')), Status::kExhausted);
    EXPECT_EQ(store().stats().streams, 2U);
}

TEST_F(MemoryStoreTest, AfterExpiryItTakesWritesAgain) {
    MemoryOptions options;
    options.max_bytes = 1 << 20;
    use(options);
    const std::string text(10'000, 'x');
    for (int i = 0; publish("s" + std::to_string(i), "k", text) == Status::kOk;)
        ++i;
    bench_->advance(options.limits.shared_ms + 1);
    EXPECT_EQ(publish("new", "k", text), Status::kOk);
}

TEST_F(MemoryStoreTest, ByPolicyEndedRunsGoFirst) {
    MemoryOptions options;
    options.max_bytes = 1 << 20;
    options.when_full = WhenFull::kDropEnded;
    use(options);
    const std::string job(60'000, 'j');
    ASSERT_EQ(send("home", "open", job), Status::kOk);
    for (int i = 0; i < 10; ++i) {
        ASSERT_EQ(claim("old.r" + std::to_string(i)), Status::kOk);
        ASSERT_EQ(finish("old.r" + std::to_string(i)), Status::kOk);
    }
    const auto streams = store().stats().streams;
    int sent = 0;
    while (sent < 100 && send("home", std::to_string(sent), job) == Status::kOk)
        ++sent;
    EXPECT_GT(sent, 10);
    EXPECT_LT(sent, 20);
    EXPECT_EQ(store().stats().streams, streams + static_cast<std::uint64_t>(sent) - 10);
    EXPECT_EQ(finish("old.r0"), Status::kNoStream);
    EXPECT_EQ(finish("home.open"), Status::kOk) << "an open run stays";
}

TEST_F(MemoryStoreTest, TheSweepFreesWhatNobodyAsksFor) {
    use({});
    const auto before = bytes();
    for (int i = 0; i < 3000; ++i) {
        const std::string id = "home" + std::to_string(i) + ".run";
        ASSERT_EQ(claim(id), Status::kOk);
        if (i % 2 == 1) {
            ASSERT_EQ(finish(id), Status::kOk);
        }
        ASSERT_EQ(publish("s" + std::to_string(i), "key", "text"), Status::kOk);
    }
    EXPECT_EQ(store().stats().streams, 6000U);
    const auto full = bytes();
    bench_->advance(bench_->limits().publish_key_ms + 1);
    sweep_all();
    EXPECT_EQ(store().stats().streams, 4500U) << "ended runs";
    const auto without_keys = bytes();
    EXPECT_LT(without_keys, full);
    bench_->advance(bench_->limits().shared_ms);
    sweep_all();
    EXPECT_EQ(store().stats().streams, 0U);
    EXPECT_EQ(bytes(), before);
}

TEST_F(MemoryStoreTest, ASweepIsBounded) {
    MemoryOptions options;
    options.sweep_items = 10;
    use(options);
    for (int i = 0; i < 1000; ++i)
        ASSERT_EQ(claim("h" + std::to_string(i) + ".r"), Status::kOk);
    bench_->advance(options.limits.run_open_ms);  // one jump, one sweep
    const auto left = store().stats().streams;
    EXPECT_GT(left, 950U);
    EXPECT_LT(left, 1000U);
}

TEST_F(MemoryStoreTest, AnIdleStreamIsSmall) {
    use({});
    constexpr std::size_t kStreams = 100'000;
    const std::string session(22, 's');
    const auto in_use = [] { return static_cast<std::size_t>(mallinfo2().uordblks); };
    const std::size_t heap_before = in_use();
    const std::uint64_t before = bytes();
    for (std::size_t i = 0; i < kStreams; ++i) {
        const std::string id = session + std::to_string(1'000'000 + i) + ".abcdef0123456789";
        ASSERT_EQ(claim(id), Status::kOk);
    }
    const std::uint64_t estimate = (bytes() - before) / kStreams;
    const std::size_t heap = (in_use() - heap_before) / kStreams;
    RecordProperty("estimated_bytes_per_idle_stream", static_cast<int>(estimate));
    RecordProperty("heap_bytes_per_idle_stream", static_cast<int>(heap));
    EXPECT_LT(estimate, 512U);
    if (heap == 0) GTEST_SKIP() << "the sanitizer's allocator counts nothing; estimated " << estimate;
    EXPECT_LT(heap, 640U);
    EXPECT_GT(estimate, heap / 2) << "the bound would let in twice what it says";
    EXPECT_LT(estimate, heap * 2);
}

TEST_F(MemoryStoreTest, EntriesCostWhatTheAccountSays) {
    use({});
    const auto in_use = [] { return static_cast<std::size_t>(mallinfo2().uordblks); };
    const std::size_t heap_before = in_use();
    const std::uint64_t before = bytes();
    for (int i = 0; i < 10'000; ++i) {
        const std::string home = "s" + std::to_string(i % 1000);
        ASSERT_EQ(publish(home, std::to_string(i), std::string(100, 'x')), Status::kOk);
    }
    const std::uint64_t estimate = bytes() - before;
    const std::size_t heap = in_use() - heap_before;
    if (heap == 0) GTEST_SKIP() << "the sanitizer's allocator counts nothing";
    EXPECT_GT(estimate, heap / 2);
    EXPECT_LT(estimate, heap * 2);
}

// Everything that can be put can go again, and takes its bytes along.
TEST_F(MemoryStoreTest, TheAccountReturnsToZero) {
    use({});
    ASSERT_EQ(bytes(), 0U);
    for (int round = 0; round < 2; ++round) {
        ASSERT_EQ(send("home", std::to_string(round), "job"), Status::kOk);
        EXPECT_EQ(
            store().keys().key_set({.key = "k", .value = "value", .ttl_ms = 1000}, [](const KeyResult&) {}),
            Submit::kAccepted);
        EXPECT_EQ(store().keys().key_set({.key = "k", .value = "longer value", .ttl_ms = 1000},
                                         [](const KeyResult&) {}),
                  Submit::kAccepted);
        for (const char* id : {"1", "2", "2"})
            EXPECT_EQ(store().keys().history_push({.home = "home", .id = id, .data = "d"},
                                                  [](const HistoryResult&) {}),
                      Submit::kAccepted);
        for (const char* node : {"n1", "n2", "n1"}) {
            EXPECT_EQ(store().registry().session_put(
                          {.session = "s", .node = node, .user = "u", .data = node, .lease_ms = 1000},
                          [](const SessionResult&) {}),
                      Submit::kAccepted);
            EXPECT_EQ(store().registry().node_put({.node = node, .data = "d", .lease_ms = 1000},
                                                  [](const NodeResult&) {}),
                      Submit::kAccepted);
        }
        EXPECT_EQ(
            store().locks().lock({.name = "l", .owner = "o", .lease_ms = 1000}, [](const LockResult&) {}),
            Submit::kAccepted);
        for (const char* member : {"m", "m"})
            EXPECT_EQ(store().jobs().open_put({.shard = "s", .member = member}, [](const OpenResult&) {}),
                      Submit::kAccepted);
        EXPECT_EQ(store().jobs().open_remove({.shard = "s", .member = "m"}, [](const OpenResult&) {}),
                  Submit::kAccepted);
        std::string job;
        EXPECT_EQ(store().jobs().push({.queue = "q", .payload = "p"},
                                      [&](const QueueResult& pushed) { job = pushed.id; }),
                  Submit::kAccepted);
        EXPECT_EQ(store().jobs().take({.queue = "q", .consumer = "c"}, [](const QueueResult&) {}),
                  Submit::kAccepted);
        bench_->loop().settle();
        const std::vector<std::string_view> ids{job};
        EXPECT_EQ(store().jobs().ack({.queue = "q", .jobs = ids}, [](const QueueResult&) {}),
                  Submit::kAccepted);
        for (int i = 0; i < 2; ++i)
            EXPECT_EQ(store().channels().topic_subscribe({.topic = "t"}, [](const ChannelResult&) {}),
                      Submit::kAccepted);
        EXPECT_EQ(store().channels().topic_unsubscribe({.topic = "t"}, [](const ChannelResult&) {}),
                  Submit::kAccepted);
        bench_->loop().settle();
        EXPECT_GT(bytes(), 0U);
        bench_->advance(bench_->limits().shared_ms + 1);
        sweep_all();
        EXPECT_EQ(bytes(), 0U);
    }
}

// Ended without an orderly shutdown, the open commands still get their answer and their captures are freed.
TEST_F(MemoryStoreTest, ADestroyedStoreHasAnsweredEverything) {
    conformance::ManualLoop loop;
    conformance::RecordingSink sink;
    int answers = 0;
    {
        auto store = make_memory_store({}, loop, sink);
        EXPECT_EQ(store->jobs().take({.queue = "q", .consumer = "c", .wait_ms = 1000},
                                     [&](const QueueResult& result) {
                                         EXPECT_EQ(result.status, Status::kGone);
                                         ++answers;
                                     }),
                  Submit::kAccepted);
        EXPECT_EQ(store->keys().key_get({.key = "k"}, [&](const KeyResult&) { ++answers; }),
                  Submit::kAccepted);
    }
    EXPECT_EQ(answers, 2);
    loop.advance(1'000'000);  // tasks of the dead store find nothing to do
    EXPECT_EQ(answers, 2);
}

TEST_F(MemoryStoreTest, ASmallPartOfALargeBlockDoesNotPinIt) {
    use({});
    int released = 0;
    {
        const std::string block(1 << 20, 'b');
        const Buffer whole = Buffer::wrap(
            block, [](void* count) { ++*static_cast<int*>(count); }, &released);
        const Entry entry{Type::kMessage, whole.slice(10, 20)};
        EXPECT_EQ(run<PublishReply>([&](PublishDone done) {
                      return store().streams().publish({.id = "s", .key = "k", .entries = {&entry, 1}},
                                                       std::move(done));
                  }).status,
                  Status::kOk);
    }
    EXPECT_EQ(released, 1);
}

}  // namespace
}  // namespace streamhost::store::memory
