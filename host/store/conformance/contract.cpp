// What holds for every command: slots, exactly one answer, shutdown.

#include "store/conformance/suite.hpp"

namespace streamhost::store::conformance {
namespace {

TEST_P(Contract, OverTheSlotsACommandIsBusyAndNotAnswered) {
    Limits limits = driver_limits();
    limits.in_flight = 3;
    use(limits);
    const auto queue = fresh_home();
    auto& jobs = store().jobs();
    const auto wait = [&](QueueDone done) {
        return jobs.take({.queue = queue, .consumer = "c", .wait_ms = 60'000}, std::move(done));
    };
    std::vector<PendingPtr<QueueReply>> waits;
    for (int i = 0; i < 3; ++i)
        waits.push_back(start<QueueReply>(wait));
    EXPECT_EQ(store().stats().in_flight, 3U);
    int answers = 0;
    EXPECT_EQ(wait([&](const QueueResult&) { ++answers; }), Submit::kBusy);
    EXPECT_EQ(store().keys().key_get({.key = "k"}, [&](const KeyResult&) { ++answers; }), Submit::kBusy);
    EXPECT_EQ(store().stats().refused, 2U);
    store().shutdown();
    for (const auto& pending : waits)
        EXPECT_EQ(await(pending).status, Status::kGone);
    EXPECT_EQ(answers, 0);
}

TEST_P(Contract, ASlotIsFreeAgainInsideTheAnswer) {
    Limits limits = driver_limits();
    limits.in_flight = 1;
    use(limits);
    auto& keys = store().keys();
    int depth = 0;
    std::function<void()> next = [&] {
        const Submit submit = keys.key_get({.key = "k"}, [&](const KeyResult&) {
            if (++depth < 5) next();
        });
        EXPECT_EQ(submit, Submit::kAccepted);
    };
    next();
    EXPECT_TRUE(bench_->run_until([&] { return depth == 5; }));
}

TEST_P(Contract, ShutdownAnswersWhatIsOpenAndTakesNoMore) {
    const auto queue = fresh_home();
    const auto taken = start<QueueReply>([&](QueueDone done) {
        return store().jobs().take({.queue = queue, .consumer = "c", .wait_ms = 60'000}, std::move(done));
    });
    ASSERT_EQ(run<LockReply>([&](LockDone done) {
                  return store().locks().lock({.name = queue, .owner = "a", .lease_ms = 60'000},
                                              std::move(done));
              }).status,
              Status::kOk);
    const auto lock = start<LockReply>([&](LockDone done) {
        return store().locks().lock({.name = queue, .owner = "b", .lease_ms = 1000, .wait_ms = 60'000},
                                    std::move(done));
    });
    const auto entries = entries_of({"x"});
    const auto home = fresh_home();
    const auto written = start<PublishReply>([&](PublishDone done) {
        return store().streams().publish({.id = home, .key = "k", .entries = entries}, std::move(done));
    });
    store().shutdown();
    EXPECT_EQ(taken->answers + lock->answers + written->answers, 0) << "answered inside the call";
    EXPECT_EQ(store().keys().key_get({.key = "k"}, [](const KeyResult&) { ADD_FAILURE(); }), Submit::kGone);
    store().shutdown();
    EXPECT_EQ(await(taken).status, Status::kGone);
    EXPECT_EQ(await(lock).status, Status::kGone);
    const auto status = await(written).status;
    EXPECT_TRUE(status == Status::kOk || status == Status::kGone);
    EXPECT_EQ(store().stats().in_flight, 0U);
}

TEST_P(Contract, AnAnswerMayShutTheStoreDown) {
    bool asked = false;
    ASSERT_EQ(store().keys().key_get({.key = "k"},
                                     [&](const KeyResult&) {
                                         store().shutdown();
                                         asked = true;
                                     }),
              Submit::kAccepted);
    EXPECT_TRUE(bench_->run_until([&] { return asked && store().stats().in_flight == 0; }));
}

TEST_P(Contract, NothingArrivesLiveAfterShutdown) {
    const auto home = fresh_home();
    run<ChannelReply>(
        [&](ChannelDone done) { return store().channels().subscribe({.home = home}, std::move(done)); });
    const auto entries = entries_of({"x"});
    const auto written = start<PublishReply>([&](PublishDone done) {
        return store().streams().publish({.id = home, .key = "k", .entries = entries}, std::move(done));
    });
    store().shutdown();
    await(written);
    EXPECT_TRUE(sink().of(home).empty());
}

TEST_P(Contract, StatsCountWhatIsHeld) {
    const auto before = store().stats();
    const auto home = fresh_home();
    ASSERT_EQ(publish(home, "k", entries_of({std::string(10'000, 'x')})).status, Status::kOk);
    run<ChannelReply>(
        [&](ChannelDone done) { return store().channels().subscribe({.home = home}, std::move(done)); });
    EXPECT_EQ(store().stats().in_flight, 0U);
    EXPECT_EQ(store().stats().subscriptions, before.subscriptions + 1);
}

}  // namespace
}  // namespace streamhost::store::conformance
