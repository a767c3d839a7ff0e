// Random commands against a model that is too simple to be wrong: a stream is the list of everything ever
// written to it.

#include <algorithm>
#include <map>
#include <random>

#include "store/conformance/suite.hpp"

namespace streamhost::store::conformance {
namespace {

constexpr std::size_t kRunEntries = 40;
constexpr std::size_t kSharedEntries = 12;
constexpr std::uint32_t kHourMs = 3'600'000;  // leases end only when given back

struct ModelStream {
    bool owned = false;
    bool leased = false;
    State state = State::kOpen;
    std::vector<Record> log;
    std::uint64_t fence = 0;
    std::uint64_t pid = 0;
    std::uint64_t claims = 0;
    std::map<std::string, std::pair<std::uint64_t, std::vector<std::string>>> keys;  // first, texts

    [[nodiscard]] Position at(std::uint64_t seq) const {
        return seq == 0 ? Position{} : Position{seq, log[seq - 1].check};
    }
    [[nodiscard]] Position head() const { return at(log.size()); }
    [[nodiscard]] std::uint64_t base() const {
        return owned || log.size() < kSharedEntries ? 0 : log.size() - kSharedEntries;
    }

    void add(const std::vector<Record>& records, State end_state = State::kOpen) {
        const std::uint64_t n = log.size();
        for (const Record& record : records)
            if (record.seq > n) log.push_back(record);
        if (end_state == State::kOpen) return;
        state = end_state;
        leased = false;
    }

    // What an append must answer, from the rules as streams.hpp states them.
    [[nodiscard]] Status judge(std::uint64_t by_fence, std::uint64_t by_pid,
                               const std::vector<Record>& records) const {
        const std::uint64_t n = log.size();
        const Record& last = records.back();
        if (!owned) return Status::kConflict;
        if (by_fence != fence || by_pid != pid) return Status::kFenced;
        const bool there = last.seq <= n && log[last.seq - 1].check == last.check;
        if (state != State::kOpen) return there ? Status::kDuplicate : Status::kEnded;
        if (records.front().seq > n + 1) return Status::kGap;
        if (last.seq <= n) return there ? Status::kDuplicate : Status::kConflict;
        if (records[n + 1 - records.front().seq].prev != head().check) return Status::kDiverged;
        const bool only_end = last.seq == n + 1 && last.type == Type::kEnd;
        return last.seq > kRunEntries && !only_end ? Status::kFull : Status::kOk;
    }
};

class RandomRun {
public:
    RandomRun(Conformance& test, unsigned seed)
        : test_(test), random_(seed), home_(Conformance::fresh_home()) {}

    void step() {
        const auto id = below(3) == 0 ? home_ : home_ + "." + std::to_string(below(4));
        switch (below(8)) {
        case 0: return claim(id);
        case 1:
        case 2: return append(id);
        case 3: return publish(id);
        case 4: return chance(10) ? finish(id) : read(id);
        case 5: return give_back(id);
        case 6: return look(id);
        default: return read(id);
        }
    }

    void subscribe() {
        ASSERT_EQ(test_
                      .run<ChannelReply>([&](ChannelDone done) {
                          return test_.store().channels().subscribe({.home = home_}, std::move(done));
                      })
                      .status,
                  Status::kOk);
    }

    void check_live() {
        for (const auto& [id, model] : streams_) {
            const std::size_t count = model.log.size();
            ASSERT_TRUE(test_.arrives([&, &stream = id] { return test_.sink().of(stream).size() >= count; }))
                << id;
            const auto live = test_.sink().of(id);
            ASSERT_EQ(live.size(), count) << id;
            for (std::size_t i = 0; i < count; ++i)
                ASSERT_EQ(live[i].check, model.log[i].check);
        }
    }

private:
    std::size_t below(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }
    bool chance(std::size_t percent) { return below(100) < percent; }
    std::string text() { return std::string(below(20), static_cast<char>(below(256))); }

    ModelStream* find(const std::string& id) {
        const auto found = streams_.find(id);
        return found == streams_.end() ? nullptr : &found->second;
    }

    static void expect_info(const StreamInfo& info, const ModelStream& model) {
        ASSERT_EQ(info.mode, model.owned ? Mode::kOwned : Mode::kShared);
        ASSERT_EQ(info.state, model.state);
        ASSERT_EQ(info.head, model.head());
        ASSERT_EQ(info.base, model.at(model.base()));
        ASSERT_EQ(info.fence, model.fence);
        ASSERT_EQ(info.claims, model.claims);
        ASSERT_EQ(info.left_ms > 0, model.leased);
    }

    void claim(const std::string& id) {
        const std::uint64_t pid = 1 + below(3);
        const auto reply = test_.claim({.id = id, .pid = pid, .lease_ms = kHourMs});
        const auto [at, fresh] = streams_.try_emplace(id);
        ModelStream& model = at->second;
        if (fresh) model.owned = true;
        Status expected = Status::kOk;
        if (!model.owned)
            expected = Status::kConflict;
        else if (model.state != State::kOpen)
            expected = Status::kEnded;
        else if (model.leased && model.pid != pid)
            expected = Status::kHeld;
        ASSERT_EQ(reply.status, expected) << name_of(reply.status);
        if (expected != Status::kOk) return;
        if (model.leased) {
            ASSERT_EQ(reply.info.fence, model.fence);
        } else {
            ASSERT_GT(reply.info.fence, model.fence);
            ++model.claims;
        }
        model.fence = reply.info.fence;
        model.pid = pid;
        model.leased = true;
        expect_info(reply.info, model);
    }

    // Records from somewhere around the head, partly repeats; sometimes from a past that is not the stream's.
    std::vector<Record> some_records(const ModelStream& model) {
        const std::uint64_t n = model.log.size();
        Position from = model.at(n - (chance(60) ? 0 : std::min<std::uint64_t>(n, below(4))));
        if (chance(8)) from.check ^= 1;
        if (chance(5)) from.seq += 1 + below(3);
        std::vector<Record> records(1 + below(4));
        for (std::size_t i = 0; i < records.size(); ++i) {
            const std::uint64_t seq = from.seq + i + 1;
            const bool repeat = seq <= n && chance(80) && model.log[seq - 1].type != Type::kEnd;
            records[i].type = repeat ? model.log[seq - 1].type : Type::kText;
            records[i].data = repeat ? model.log[seq - 1].data : bytes(text());
        }
        if (chance(4)) records.back().type = Type::kEnd;
        chain(from, records);
        return records;
    }

    void append(const std::string& id) {
        ModelStream* model = find(id);
        const auto records = some_records(model ? *model : ModelStream{});
        const State end_state = records.back().type == Type::kEnd ? State::kComplete : State::kOpen;
        const std::uint64_t off = chance(90) ? 0 : below(2) + 1;
        const std::uint64_t fence = std::max<std::uint64_t>(1, (model ? model->fence : 0) + off);
        const std::uint64_t pid = model && model->pid != 0 && chance(95) ? model->pid : 1 + below(3);
        const AppendRequest request{.id = id,
                                    .fence = fence,
                                    .pid = pid,
                                    .records = records,
                                    .end_state = end_state,
                                    .lease_ms = kHourMs};
        const auto reply = test_.run<StreamReply>(
            [&](StreamDone done) { return test_.store().streams().append(request, std::move(done)); });
        const Status expected = model ? model->judge(fence, pid, records) : Status::kNoStream;
        ASSERT_EQ(reply.status, expected) << name_of(reply.status) << " for " << name_of(expected);
        if (!model) return;
        if (expected == Status::kOk) model->add(records, end_state);
        const bool taken = expected == Status::kOk || expected == Status::kDuplicate;
        if (taken && model->state == State::kOpen) model->leased = true;
        if (taken) {
            ASSERT_EQ(reply.last, (Position{records.back().seq, records.back().check}));
        }
        expect_info(reply.info, *model);
    }

    void publish(const std::string& id) {
        ModelStream* model = find(id);
        const auto key = std::to_string(below(60));
        std::vector<std::string> texts(1 + below(3));
        for (auto& one : texts)
            one = text();
        const bool known = model && model->keys.contains(key);
        if (known && chance(50)) texts = model->keys[key].second;
        std::vector<Entry> entries;
        for (const auto& one : texts)
            entries.push_back(entry(one));
        const auto reply = test_.publish(id, key, entries);
        if (model && model->owned) {
            ASSERT_EQ(reply.status, Status::kConflict);
            return;
        }
        if (known) {
            const bool same = model->keys[key].second == texts;
            ASSERT_EQ(reply.status, same ? Status::kDuplicate : Status::kConflict);
            if (same) {
                ASSERT_EQ(reply.first, model->keys[key].first);
            }
            return;
        }
        ASSERT_EQ(reply.status, Status::kOk) << name_of(reply.status);
        if (!model) model = &streams_[id];
        ASSERT_EQ(reply.first, model->log.size() + 1);
        std::vector<Record> records(texts.size());
        for (std::size_t i = 0; i < texts.size(); ++i) {
            records[i].type = entries[i].type;
            records[i].data = entries[i].data;
        }
        chain(model->head(), records);
        model->add(records);
        model->keys[key] = {reply.first, texts};
        ASSERT_EQ(reply.last, model->head());
    }

    void finish(const std::string& id) {
        ModelStream* model = find(id);
        const std::uint64_t if_fence = chance(50) || !model ? 0 : model->fence + below(2);
        const auto reply = test_.finish(id, State::kCancelled, "c", if_fence);
        Status expected = Status::kOk;
        if (!model)
            expected = Status::kNoStream;
        else if (!model->owned)
            expected = Status::kConflict;
        else if (model->state != State::kOpen)
            expected = model->state == State::kCancelled ? Status::kDuplicate : Status::kEnded;
        else if (if_fence != 0 && if_fence != model->fence)
            expected = Status::kFenced;
        ASSERT_EQ(reply.status, expected) << name_of(reply.status);
        if (expected != Status::kOk) return;
        model->add({end_after(model->head(), "c")}, State::kCancelled);
        expect_info(reply.info, *model);
    }

    void give_back(const std::string& id) {
        ModelStream* model = find(id);
        if (!model || !model->owned) return;
        const auto reply = test_.renew({id, model->fence, model->pid, {}}, 0);
        ASSERT_EQ(reply.status, model->state == State::kOpen ? Status::kOk : Status::kEnded);
        model->leased = false;
        expect_info(reply.info, *model);
    }

    void look(const std::string& id) {
        const auto item = test_.tail({id}).items.at(0);
        const ModelStream* model = find(id);
        ASSERT_EQ(item.status, model ? Status::kOk : Status::kNoStream);
        if (model) expect_info(item.info, *model);
    }

    void read(const std::string& id) {
        const std::uint64_t from = 1 + below(kRunEntries + 5);
        const auto most = static_cast<std::uint32_t>(1 + below(8));
        const auto log = test_.read(id, from, most);
        const ModelStream* model = find(id);
        ASSERT_EQ(log.status, model ? Status::kOk : Status::kNoStream);
        if (!model) return;
        expect_info(log.info, *model);
        const std::uint64_t n = model->log.size();
        const std::uint64_t start = std::max(from, model->base() + 1);
        const std::uint64_t count = start > n ? 0 : std::min<std::uint64_t>(most, n - start + 1);
        ASSERT_EQ(log.records.size(), count);
        ASSERT_EQ(log.before, model->at(std::min(start - 1, n)));
        for (std::uint64_t i = 0; i < count; ++i) {
            ASSERT_EQ(log.records[i].check, model->log[start - 1 + i].check);
            ASSERT_EQ(log.records[i].data.view(), model->log[start - 1 + i].data.view());
        }
    }

    Conformance& test_;
    std::mt19937 random_;
    std::string home_;
    std::map<std::string, ModelStream> streams_;
};

TEST_P(Model, RandomCommandsAnswerAsTheModelSays) {
    constexpr int kSteps = 300;
    constexpr unsigned kRuns = 40;
    Limits limits = driver_limits();
    limits.run_entries = kRunEntries;
    limits.shared_entries = kSharedEntries;
    use(limits);
    for (unsigned seed = 1; seed <= kRuns; ++seed) {
        RandomRun random(*this, seed);
        random.subscribe();
        for (int step = 0; step < kSteps; ++step) {
            random.step();
            ASSERT_FALSE(HasFailure()) << "seed " << seed << ", step " << step;
        }
        random.check_live();
        ASSERT_FALSE(HasFailure()) << "seed " << seed;
        sink().live.clear();
    }
}

}  // namespace
}  // namespace streamhost::store::conformance
