// Requests outside the documented ranges: refused the same by every driver, and nothing else changed.

#include "store/conformance/suite.hpp"

namespace streamhost::store::conformance {
namespace {

const std::vector<std::string>& bad_ids() {
    static const std::vector<std::string> kIds{"",
                                               ".",
                                               ".a",
                                               "a.",
                                               "a b",
                                               "a{b",
                                               "a}b",
                                               "a/b",
                                               "a|b",
                                               "\xc3\xa4",
                                               std::string("a\0b", 3),
                                               "a:b",
                                               std::string(129, 'x'),
                                               std::string(64, 'x') + "." + std::string(64, 'y')};
    return kIds;
}

TEST_P(Shapes, StreamIdsOutsideTheirAlphabetAreInvalid) {
    const auto entries = entries_of({"x"});
    const auto records = records_after({}, {"x"});
    for (const std::string& id : bad_ids()) {
        EXPECT_EQ(claim({.id = id, .pid = 1, .lease_ms = 1000}).status, Status::kInvalid) << id;
        EXPECT_EQ(append({id, 1, 1, {}}, records).status, Status::kInvalid) << id;
        EXPECT_EQ(renew({id, 1, 1, {}}, 1000).status, Status::kInvalid) << id;
        EXPECT_EQ(publish(id, "k", entries).status, Status::kInvalid) << id;
        EXPECT_EQ(finish(id, State::kLost, "").status, Status::kInvalid) << id;
        EXPECT_EQ(read(id).status, Status::kInvalid) << id;
        EXPECT_EQ(tail({id}).status, Status::kInvalid) << id;
        EXPECT_EQ(runs(id).status, Status::kInvalid) << id;
    }
    EXPECT_EQ(tail({}).status, Status::kInvalid);
    EXPECT_EQ(runs("home.run").status, Status::kInvalid);
}

TEST_P(Shapes, ClaimsNeedAProducerAndALease) {
    const auto id = fresh_run();
    EXPECT_EQ(claim({.id = id, .pid = 0, .lease_ms = 1000}).status, Status::kInvalid);
    EXPECT_EQ(claim({.id = id, .pid = 1, .lease_ms = 0}).status, Status::kInvalid);
    EXPECT_EQ(claim({.id = id, .pid = 1, .lease_ms = 3'600'001}).status, Status::kInvalid);
    const std::string user(257, 'u');
    EXPECT_EQ(claim({.id = id, .pid = 1, .lease_ms = 1000, .user = user}).status, Status::kInvalid);
    EXPECT_EQ(claim({.id = id, .pid = 1, .lease_ms = 1000, .user = "a\nb"}).status, Status::kInvalid);
    EXPECT_EQ(claim({.id = id, .pid = 1, .lease_ms = 1000, .timeout_ms = 0}).status, Status::kInvalid);
    EXPECT_EQ(tail({id}).items.at(0).status, Status::kNoStream);
}

TEST_P(Shapes, AppendsMustBeOneChainThatEndsWhereItSays) {
    const auto producer = produce();
    const auto good = records_after({}, {"a", "b", "c"});
    EXPECT_EQ(append(producer, {}).status, Status::kInvalid);
    auto records = good;
    records[2].seq = 5;
    EXPECT_EQ(append(producer, records).status, Status::kInvalid);
    records = good;
    records[1].prev ^= 1;
    EXPECT_EQ(append(producer, records).status, Status::kInvalid);
    records = good;
    records[0].seq = 0;
    EXPECT_EQ(append(producer, std::span(records).first(1)).status, Status::kInvalid);
    records = good;
    records[1].type = static_cast<Type>('z');
    EXPECT_EQ(append(producer, records).status, Status::kInvalid);
    records = good;
    records[2].seq = kMaxSeq + 1;
    EXPECT_EQ(append(producer, std::span(records).last(1)).status, Status::kInvalid);
    // An end without its state, a state without its end, an end in the middle.
    const Record end = end_after({});
    EXPECT_EQ(append(producer, {&end, 1}).status, Status::kInvalid);
    EXPECT_EQ(append(producer, good, State::kComplete).status, Status::kInvalid);
    records = good;
    records[1].type = Type::kEnd;
    EXPECT_EQ(append(producer, records, State::kComplete).status, Status::kInvalid);
    EXPECT_EQ(append(producer, {&end, 1}, static_cast<State>(9)).status, Status::kInvalid);
    EXPECT_EQ(read(producer.id).info.head.seq, 0U);
    EXPECT_EQ(append(producer, good).status, Status::kOk);
}

TEST_P(Shapes, BatchesAndEntriesHaveASize) {
    const auto producer = produce();
    std::vector<Record> records(kMaxBatch + 1);
    for (Record& record : records)
        record.data = bytes("x");
    chain({}, records);
    EXPECT_EQ(append(producer, records).status, Status::kTooLarge);
    EXPECT_EQ(append(producer, std::span(records).first(kMaxBatch)).status, Status::kOk);
    const std::vector<Entry> many(kMaxBatch + 1, entry("x"));
    const auto id = fresh_home();
    EXPECT_EQ(publish(id, "k", many).status, Status::kTooLarge);
    EXPECT_EQ(publish(id, "k", std::span(many).first(kMaxBatch)).status, Status::kOk);
    const std::string over((1 << 20) + 1, 'x');
    EXPECT_EQ(publish(id, "k2", entries_of({over})).status, Status::kTooLarge);
    EXPECT_EQ(finish(producer.id, State::kError, over).status, Status::kTooLarge);
    EXPECT_EQ(append(produce(), records_after({}, {over})).status, Status::kTooLarge);
}

TEST_P(Shapes, PublishesNeedAKeyAndEntriesThatAreNoEnd) {
    const auto id = fresh_home();
    const auto entries = entries_of({"x"});
    EXPECT_EQ(publish(id, "", entries).status, Status::kInvalid);
    EXPECT_EQ(publish(id, std::string(129, 'k'), entries).status, Status::kInvalid);
    EXPECT_EQ(publish(id, "k", {}).status, Status::kInvalid);
    const std::vector<Entry> end{entry("x", Type::kEnd)};
    EXPECT_EQ(publish(id, "k", end).status, Status::kInvalid);
    EXPECT_EQ(read(id).status, Status::kNoStream);
}

TEST_P(Shapes, SendsNeedARunOfTheirHome) {
    const auto home = fresh_home();
    const auto run_id = home + ".r";
    const auto entries = entries_of({"x"});
    const SendRequest good{.home = home, .key = "k", .content_hash = "h", .run = run_id, .entries = entries};
    const auto with = [&](auto change) {
        SendRequest request = good;
        change(request);
        return send(request).status;
    };
    const std::string long_hash(65, 'h');
    const std::string long_answer(4097, 'a');
    const std::string long_job((1 << 20) + 1, 'j');
    EXPECT_EQ(with([&](SendRequest& r) { r.run = home; }), Status::kInvalid);
    EXPECT_EQ(with([&](SendRequest& r) { r.run = "other.r"; }), Status::kInvalid);
    EXPECT_EQ(with([&](SendRequest& r) { r.home = run_id; }), Status::kInvalid);
    EXPECT_EQ(with([&](SendRequest& r) { r.key = ""; }), Status::kInvalid);
    EXPECT_EQ(with([&](SendRequest& r) { r.content_hash = ""; }), Status::kInvalid);
    EXPECT_EQ(with([&](SendRequest& r) { r.content_hash = long_hash; }), Status::kInvalid);
    EXPECT_EQ(with([&](SendRequest& r) { r.entries = {}; }), Status::kInvalid);
    EXPECT_EQ(with([&](SendRequest& r) { r.answer = long_answer; }), Status::kTooLarge);
    EXPECT_EQ(with([&](SendRequest& r) { r.job = long_job; }), Status::kTooLarge);
    EXPECT_EQ(tail({home, run_id}).items.at(0).status, Status::kNoStream);
    EXPECT_EQ(send(good).status, Status::kOk);
}

TEST_P(Shapes, ReadsHaveARange) {
    const auto id = produce().id;
    EXPECT_EQ(read(id, 0).status, Status::kInvalid);
    EXPECT_EQ(read(id, kMaxSeq + 1).status, Status::kInvalid);
    EXPECT_EQ(read(id, 1, 0).status, Status::kInvalid);
    EXPECT_EQ(read(id, 1, 100'001).status, Status::kInvalid);
}

TEST_P(Shapes, AFinishNeedsAnEndState) {
    const auto id = produce().id;
    EXPECT_EQ(finish(id, State::kOpen, "").status, Status::kInvalid);
    EXPECT_EQ(finish(id, static_cast<State>(0), "").status, Status::kInvalid);
    EXPECT_EQ(tail({id}).items.at(0).info.state, State::kOpen);
}

const std::vector<std::string>& bad_names() {
    static const std::vector<std::string> kNames{
        "", "a{b", "b}", "a\nb", "\x7f", std::string("a\0", 2), std::string(257, 'n')};
    return kNames;
}

TEST_P(Shapes, NamesOutsideTheirAlphabetAreInvalid) {
    Store& s = store();
    for (const std::string& bad : bad_names()) {
        const auto open = [&](auto call) { return run<OpenReply>(call).status; };
        EXPECT_EQ(
            open([&](OpenDone d) { return s.jobs().open_put({.shard = bad, .member = "m"}, std::move(d)); }),
            Status::kInvalid);
        EXPECT_EQ(
            open([&](OpenDone d) { return s.jobs().open_put({.shard = "s", .member = bad}, std::move(d)); }),
            Status::kInvalid);
        EXPECT_EQ(open([&](OpenDone d) { return s.jobs().open_take({.shard = bad}, std::move(d)); }),
                  Status::kInvalid);
        EXPECT_EQ(
            run<QueueReply>([&](QueueDone d) { return s.jobs().push({.queue = bad}, std::move(d)); }).status,
            Status::kInvalid);
        EXPECT_EQ(run<QueueReply>([&](QueueDone d) {
                      return s.jobs().take({.queue = "q", .consumer = bad}, std::move(d));
                  }).status,
                  Status::kInvalid);
        EXPECT_EQ(run<SessionReply>([&](SessionDone d) {
                      return s.registry().session_put(
                          {.session = bad, .node = "n", .user = "u", .lease_ms = 1}, std::move(d));
                  }).status,
                  Status::kInvalid);
        EXPECT_EQ(run<NodeReply>([&](NodeDone d) {
                      return s.registry().node_put({.node = bad, .lease_ms = 1}, std::move(d));
                  }).status,
                  Status::kInvalid);
        EXPECT_EQ(run<LockReply>([&](LockDone d) {
                      return s.locks().lock({.name = bad, .owner = "o", .lease_ms = 1}, std::move(d));
                  }).status,
                  Status::kInvalid);
        EXPECT_EQ(run<KeyReply>([&](KeyDone d) {
                      return s.keys().key_set({.key = bad, .value = "v", .ttl_ms = 1}, std::move(d));
                  }).status,
                  Status::kInvalid);
        EXPECT_EQ(
            run<KeyReply>([&](KeyDone d) { return s.keys().key_get({.key = bad}, std::move(d)); }).status,
            Status::kInvalid);
        EXPECT_EQ(run<ChannelReply>([&](ChannelDone d) {
                      return s.channels().topic_publish({.topic = bad}, std::move(d));
                  }).status,
                  Status::kInvalid);
        EXPECT_EQ(run<ChannelReply>([&](ChannelDone d) {
                      return s.channels().pattern_subscribe({.topic = bad}, std::move(d));
                  }).status,
                  Status::kInvalid);
        EXPECT_EQ(run<ChannelReply>([&](ChannelDone d) {
                      return s.channels().subscribe({.home = bad}, std::move(d));
                  }).status,
                  Status::kInvalid);
    }
}

TEST_P(Shapes, TimesAndCountsHaveARange) {
    Store& s = store();
    const auto key = [&](std::int64_t ttl_ms) {
        return run<KeyReply>([&](KeyDone d) {
                   return s.keys().key_set({.key = "k", .value = "v", .ttl_ms = ttl_ms}, std::move(d));
               })
            .status;
    };
    EXPECT_EQ(key(0), Status::kInvalid);
    EXPECT_EQ(key(-1), Status::kInvalid);
    EXPECT_EQ(key(kMaxKeyTtlMs + 1), Status::kInvalid);
    EXPECT_EQ(key(kMaxKeyTtlMs), Status::kOk);
    const auto lock = [&](std::uint32_t lease_ms, std::uint32_t wait_ms) {
        return run<LockReply>([&](LockDone d) {
                   return s.locks().lock(
                       {.name = "l", .owner = "o", .lease_ms = lease_ms, .wait_ms = wait_ms}, std::move(d));
               })
            .status;
    };
    EXPECT_EQ(lock(0, 0), Status::kInvalid);
    EXPECT_EQ(lock(1, 60'001), Status::kInvalid);
    const auto take = [&](std::uint32_t max, std::uint32_t wait_ms) {
        return run<QueueReply>([&](QueueDone d) {
                   return s.jobs().take({.queue = "q", .consumer = "c", .max = max, .wait_ms = wait_ms},
                                        std::move(d));
               })
            .status;
    };
    EXPECT_EQ(take(0, 0), Status::kInvalid);
    EXPECT_EQ(take(257, 0), Status::kInvalid);
    EXPECT_EQ(take(1, 60'001), Status::kInvalid);
    const std::vector<std::string_view> many(257, "s");
    EXPECT_EQ(run<SessionReply>([&](SessionDone d) {
                  return s.registry().session_renew({.node = "n", .sessions = many, .lease_ms = 1},
                                                    std::move(d));
              }).status,
              Status::kTooLarge);
    EXPECT_EQ(run<SessionReply>([&](SessionDone d) {
                  return s.registry().session_list({.session = "s", .user = "u"}, std::move(d));
              }).status,
              Status::kInvalid);
    const std::string large(64 * 1024 + 1, 'x');
    EXPECT_EQ(run<QueueReply>([&](QueueDone d) {
                  return s.jobs().push({.queue = "q", .payload = large}, std::move(d));
              }).status,
              Status::kTooLarge);
}

}  // namespace
}  // namespace streamhost::store::conformance
