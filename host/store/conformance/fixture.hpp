#pragma once
// The fixture of the suite. Every command goes through start(), which checks what holds for all of them:
// accepted, not answered inside the call, answered once.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "store/conformance/bench.hpp"
#include "store/conformance/replies.hpp"

namespace streamhost::store::conformance {

/// A command on its way.
template <typename Reply>
struct Pending {
    std::optional<Reply> reply;
    int answers = 0;
};
template <typename Reply>
using PendingPtr = std::shared_ptr<Pending<Reply>>;

Buffer bytes(std::string_view text);
Entry entry(std::string_view text, Type type = Type::kMessage);
std::vector<Entry> entries_of(std::initializer_list<std::string_view> texts);

/// Records that continue `from`, chained as a producer does it.
std::vector<Record> records_after(Position from, std::initializer_list<std::string_view> texts);
Record end_after(Position from, std::string_view text = R"("outcome":"complete")");

class Conformance : public testing::TestWithParam<Driver> {
public:
    void SetUp() override { use(GetParam().limits); }
    void TearDown() override;

    /// Starts anew with other limits.
    void use(const Limits& limits) { bench_ = GetParam().make(limits); }
    /// Starts anew with lifetimes that may be waited for.
    void use_short_lifetimes() { use(GetParam().short_lived); }
    [[nodiscard]] Limits driver_limits() const { return GetParam().limits; }

    /// A home that no other test uses.
    [[nodiscard]] static std::string fresh_home();
    [[nodiscard]] static std::string fresh_run() { return fresh_home() + ".r1"; }

    /// A claim on a new run; the test goes on with its fence.
    struct Producer {
        std::string id;
        std::uint64_t fence = 0;
        std::uint64_t pid = 0;
        Position head;
    };
    Producer produce(std::string id = fresh_run(), std::uint64_t pid = 7, std::uint32_t lease_ms = 6000);
    /// Appends texts after the producer's head and moves it.
    StreamReply write(Producer& producer, std::initializer_list<std::string_view> texts);
    StreamReply end(Producer& producer, State state = State::kComplete);

    StreamReply claim(const ClaimRequest& request);
    StreamReply append(const Producer& producer, std::span<const Record> records,
                       State end_state = State::kOpen);
    StreamReply renew(const Producer& producer, std::uint32_t lease_ms);
    StreamReply finish(std::string_view id, State state, std::string_view data, std::uint64_t if_fence = 0);
    PublishReply publish(std::string_view id, std::string_view key, std::span<const Entry> entries,
                         std::string_view user = {}, Access access = Access::kAny);
    PublishReply send(const SendRequest& request);
    ReadReply read(std::string_view id, std::uint64_t from = 1, std::uint32_t max_entries = 1000,
                   std::uint32_t max_bytes = 1U << 20);
    ListReply tail(std::vector<std::string_view> ids);
    ListReply runs(std::string_view home);

    template <typename Reply, typename Call>
    PendingPtr<Reply> start(Call&& call) {
        auto pending = std::make_shared<Pending<Reply>>();
        const Submit submit = call([pending](const auto& result) {
            pending->reply.emplace(result);
            ++pending->answers;
        });
        EXPECT_EQ(submit, Submit::kAccepted);
        EXPECT_EQ(pending->answers, 0) << "answered inside the call";
        started_.push_back([pending] { return pending->answers; });
        return pending;
    }

    template <typename Reply>
    Reply await(const PendingPtr<Reply>& pending) {
        EXPECT_TRUE(bench_->run_until([&] { return pending->answers > 0; })) << "never answered";
        return pending->reply.value_or(Reply());
    }

    template <typename Reply, typename Call>
    Reply run(Call&& call) {
        return await(start<Reply>(std::forward<Call>(call)));
    }

    /// Lets what was published arrive: a round trip through the store after it.
    bool arrives(const std::function<bool()>& reached) { return bench_->run_until(reached); }
    void pass(std::int64_t ms) { bench_->advance(ms + bench_->slack_ms()); }

    [[nodiscard]] Store& store() { return bench_->store(); }
    [[nodiscard]] RecordingSink& sink() { return bench_->sink(); }

    std::unique_ptr<Bench> bench_;

private:
    std::vector<std::function<int()>> started_;
};

}  // namespace streamhost::store::conformance
