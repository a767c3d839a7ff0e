// Keys with an end, and the last messages.

#include "store/conformance/suite.hpp"

namespace streamhost::store::conformance {
namespace {

class KeyCalls {
public:
    KeyCalls(Store& store) : keys_(store.keys()) {}

    auto get(std::string_view key) {
        return [=, this](KeyDone done) { return keys_.key_get({.key = key}, std::move(done)); };
    }
    auto set(std::string_view key, std::string_view value, std::int64_t ttl_ms = 30'000,
             KeyIf condition = KeyIf::kAlways, std::string_view expected = {}) {
        return [=, this](KeyDone done) {
            return keys_.key_set(
                {.key = key, .value = value, .ttl_ms = ttl_ms, .condition = condition, .expected = expected},
                std::move(done));
        };
    }
    auto remove(std::string_view key, KeyIf condition = KeyIf::kAlways, std::string_view expected = {}) {
        return [=, this](KeyDone done) {
            return keys_.key_remove({.key = key, .condition = condition, .expected = expected},
                                    std::move(done));
        };
    }
    auto push(std::string_view home, std::string_view id, std::string_view data) {
        return [=, this](HistoryDone done) {
            return keys_.history_push({.home = home, .id = id, .data = data}, std::move(done));
        };
    }
    auto list(std::string_view home, std::uint32_t max = 200) {
        return [=, this](HistoryDone done) {
            return keys_.history_list({.home = home, .max = max}, std::move(done));
        };
    }
    auto clear(std::string_view home) {
        return [=, this](HistoryDone done) { return keys_.history_clear({.home = home}, std::move(done)); };
    }

private:
    KeyCommands& keys_;
};

TEST_P(Keys, SetGetRemove) {
    KeyCalls calls(store());
    const auto key = fresh_home();
    EXPECT_EQ(run<KeyReply>(calls.get(key)).status, Status::kNotFound);
    EXPECT_EQ(run<KeyReply>(calls.set(key, "value")).status, Status::kOk);
    EXPECT_EQ(run<KeyReply>(calls.set(key, "other")).status, Status::kOk);
    const auto found = run<KeyReply>(calls.get(key));
    EXPECT_EQ(found.status, Status::kOk);
    EXPECT_EQ(found.value, "other");
    EXPECT_GT(found.left_ms, 0);
    EXPECT_LE(found.left_ms, 30'000);
    EXPECT_EQ(run<KeyReply>(calls.remove(key)).status, Status::kOk);
    EXPECT_EQ(run<KeyReply>(calls.remove(key)).status, Status::kNotFound);
    EXPECT_EQ(run<KeyReply>(calls.get(key)).status, Status::kNotFound);
}

TEST_P(Keys, EveryKeyHasAnEnd) {
    KeyCalls calls(store());
    const auto key = fresh_home();
    run<KeyReply>(calls.set(key, "v", 400));
    bench_->advance(200);
    EXPECT_EQ(run<KeyReply>(calls.get(key)).value, "v");
    pass(200);
    EXPECT_EQ(run<KeyReply>(calls.get(key)).status, Status::kNotFound);
    EXPECT_EQ(run<KeyReply>(calls.remove(key)).status, Status::kNotFound);
    EXPECT_EQ(run<KeyReply>(calls.set(key, "v", 30'000, KeyIf::kMissing)).status, Status::kOk);
}

TEST_P(Keys, ASetMovesTheEnd) {
    KeyCalls calls(store());
    const auto key = fresh_home();
    run<KeyReply>(calls.set(key, "v", 200));
    run<KeyReply>(calls.set(key, "v", 30'000));
    pass(200);
    EXPECT_EQ(run<KeyReply>(calls.get(key)).status, Status::kOk);
}

TEST_P(Keys, SetIfMissingHappensOnce) {
    KeyCalls calls(store());
    const auto key = fresh_home();
    const auto first = start<KeyReply>(calls.set(key, "a", 30'000, KeyIf::kMissing));
    const auto second = start<KeyReply>(calls.set(key, "b", 30'000, KeyIf::kMissing));
    EXPECT_EQ(await(first).status, Status::kOk);
    EXPECT_EQ(await(second).status, Status::kConflict);
    EXPECT_EQ(await(second).value, "a");
    EXPECT_EQ(run<KeyReply>(calls.get(key)).value, "a");
}

TEST_P(Keys, CompareAndSet) {
    KeyCalls calls(store());
    const auto key = fresh_home();
    EXPECT_EQ(run<KeyReply>(calls.set(key, "x", 30'000, KeyIf::kEquals, "")).status, Status::kNotFound);
    run<KeyReply>(calls.set(key, "a"));
    const auto wrong = run<KeyReply>(calls.set(key, "x", 30'000, KeyIf::kEquals, "b"));
    EXPECT_EQ(wrong.status, Status::kConflict);
    EXPECT_EQ(wrong.value, "a");
    EXPECT_EQ(run<KeyReply>(calls.set(key, "b", 30'000, KeyIf::kEquals, "a")).status, Status::kOk);
    EXPECT_EQ(run<KeyReply>(calls.set(key, "c", 30'000, KeyIf::kEquals, "a")).status, Status::kConflict);
    EXPECT_EQ(run<KeyReply>(calls.get(key)).value, "b");
}

TEST_P(Keys, CompareAndRemove) {
    KeyCalls calls(store());
    const auto key = fresh_home();
    run<KeyReply>(calls.set(key, "a"));
    EXPECT_EQ(run<KeyReply>(calls.remove(key, KeyIf::kEquals, "b")).status, Status::kConflict);
    EXPECT_EQ(run<KeyReply>(calls.get(key)).status, Status::kOk);
    EXPECT_EQ(run<KeyReply>(calls.remove(key, KeyIf::kEquals, "a")).status, Status::kOk);
    EXPECT_EQ(run<KeyReply>(calls.remove(key, KeyIf::kEquals, "a")).status, Status::kNotFound);
}

TEST_P(Keys, ValuesAreBytesAlsoEmptyAndHuge) {
    KeyCalls calls(store());
    const std::string key(256, 'k');
    for (const std::string& value : {std::string(), std::string("\0\xff", 2), std::string(1 << 20, '\n')}) {
        ASSERT_EQ(run<KeyReply>(calls.set(key, value)).status, Status::kOk);
        EXPECT_EQ(run<KeyReply>(calls.get(key)).value, value);
        EXPECT_EQ(run<KeyReply>(calls.set(key, "x", 30'000, KeyIf::kEquals, value)).status, Status::kOk);
    }
}

TEST_P(Keys, HistoryKeepsOrderAndKnowsRepeats) {
    KeyCalls calls(store());
    const auto home = fresh_home();
    const std::string binary("\0\xff", 2);
    EXPECT_TRUE(run<HistoryReply>(calls.list(home)).items.empty());
    EXPECT_EQ(run<HistoryReply>(calls.push(home, "1", "one")).status, Status::kOk);
    EXPECT_EQ(run<HistoryReply>(calls.push(home, "2", binary)).status, Status::kOk);
    EXPECT_EQ(run<HistoryReply>(calls.push(home, "1", "again")).status, Status::kDuplicate);
    EXPECT_EQ(run<HistoryReply>(calls.push(home, "3", "")).status, Status::kOk);
    using Items = std::vector<std::pair<std::string, std::string>>;
    EXPECT_EQ(run<HistoryReply>(calls.list(home)).items, (Items{{"1", "one"}, {"2", binary}, {"3", ""}}));
    EXPECT_EQ(run<HistoryReply>(calls.list(home, 2)).items, (Items{{"2", binary}, {"3", ""}}));
    EXPECT_TRUE(run<HistoryReply>(calls.list(fresh_home())).items.empty());
}

TEST_P(Keys, HistoryIsBounded) {
    Limits limits = driver_limits();
    limits.history_messages = 3;
    use(limits);
    KeyCalls calls(store());
    const auto home = fresh_home();
    for (const char* id : {"1", "2", "3", "4", "5"})
        run<HistoryReply>(calls.push(home, id, id));
    const auto items = run<HistoryReply>(calls.list(home)).items;
    ASSERT_EQ(items.size(), 3U);
    EXPECT_EQ(items[0].first, "3");
    EXPECT_EQ(run<HistoryReply>(calls.push(home, "1", "known no more")).status, Status::kOk);
}

TEST_P(Keys, HistoryIsClearedAlsoTwice) {
    KeyCalls calls(store());
    const auto home = fresh_home();
    run<HistoryReply>(calls.push(home, "1", "x"));
    EXPECT_EQ(run<HistoryReply>(calls.clear(home)).status, Status::kOk);
    EXPECT_EQ(run<HistoryReply>(calls.clear(home)).status, Status::kOk);
    EXPECT_TRUE(run<HistoryReply>(calls.list(home)).items.empty());
    EXPECT_EQ(run<HistoryReply>(calls.push(home, "1", "x")).status, Status::kOk);
}

}  // namespace
}  // namespace streamhost::store::conformance
