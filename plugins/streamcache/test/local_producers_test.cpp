#include "local_producers.hpp"

#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "streamhost/plugin.hpp"
#include "streamhost/testing/fake_host.hpp"

namespace streamcache {
namespace {

using streamhost::bytes;
using streamhost::Host;

constexpr std::uint32_t kLeaseMs = 3'000;

class Owner : public streamhost::Plugin {
public:
    using Plugin::host;
    using Plugin::Plugin;
};

/// A store that takes what it is told to take.
class LocalProducersTest : public ::testing::Test {
protected:
    LocalProducersTest() {
        table_.struct_size = sizeof(table_);
        table_.chain = [](std::uint64_t prev, std::uint32_t, sh_bytes data) { return prev + data.size; };
        table_.policy = [](const sh_host*, sh_bytes) -> std::uint32_t { return SH_POLICY_DURABLE; };
        table_.append = [](const sh_host*, const sh_store_append*, std::uint64_t token) -> sh_status {
            ++appends_;
            fake_->answer(token, Host::make_result(says_));
            return SH_OK;
        };
        table_.renew = [](const sh_host*, sh_bytes, std::uint64_t fence, std::uint64_t producer,
                          std::uint32_t lease_ms, std::uint64_t token) -> sh_status {
            EXPECT_EQ(fence, 7u);
            EXPECT_EQ(producer, 1u);
            leases_.push_back(lease_ms);
            fake_->answer(token, Host::make_result(SH_OK));
            return SH_OK;
        };
        says_ = SH_OK;
        appends_ = 0;
        leases_.clear();
        fake_ = &host_;
        host_.extend(SH_EXT_STORE, &table_);
        producers_.emplace(side_, streamhost::Store(side_), counts_, ProducerOptions());
        sh_result claim = Host::make_result(SH_OK);
        claim.fence = 7;
        producers_->claimed("home.r", claim, kLeaseMs, 1);
    }
    sh_status write(std::uint64_t fence = 7) {
        const sh_item item{SH_RECORD_TEXT, 0, bytes("word")};
        const sh_status status = producers_->write("home.r", fence, &item, 1, nullptr, 0);
        host_.run();
        return status;
    }

    inline static streamhost::testing::FakeHost* fake_ = nullptr;
    inline static sh_status says_ = SH_OK;
    inline static int appends_ = 0;
    inline static std::vector<std::uint32_t> leases_;
    streamhost::testing::FakeHost host_;
    sh_store_ext table_{};
    Host& side_ = host_.create<Owner>().host();
    AppendCounts counts_{side_};
    std::optional<LocalProducers> producers_;
};

TEST_F(LocalProducersTest, WhoWritesToAFullStreamHearsThatForALease) {
    EXPECT_EQ(write(), SH_OK);
    says_ = SH_FULL;
    EXPECT_EQ(write(), SH_OK) << "taken, and refused by the store later";
    EXPECT_EQ(write(), SH_FULL);
    const sh_bytes end = bytes(R"("outcome":"complete")");
    EXPECT_EQ(producers_->write("home.r", 7, nullptr, 0, &end, 0), SH_FULL);
    EXPECT_EQ(write(6), SH_FENCED) << "somebody else";
    producers_->tick();
    EXPECT_EQ(host_.metric_values["leases_held"], 0);
    EXPECT_EQ(producers_->left().left, 0u);
    host_.advance(kLeaseMs);
    producers_->tick();
    EXPECT_EQ(write(), SH_FENCED) << "forgotten";
    EXPECT_EQ(appends_, 2);
}

TEST_F(LocalProducersTest, WhoGivesTheLeaseBackRenewsItNoMore) {
    says_ = SH_UNAVAILABLE;
    EXPECT_EQ(write(), SH_OK);
    std::optional<sh_status> answer;
    const auto tell = [&](const sh_result& result) { answer = result.status; };
    EXPECT_FALSE(producers_->release("home.r", 6, 0)) << "another fence";
    EXPECT_TRUE(producers_->release("home.r", 7, host_.ticket(tell)));
    EXPECT_EQ(write(), SH_FENCED);
    host_.advance(kLeaseMs);
    producers_->tick();
    host_.run();
    EXPECT_TRUE(leases_.empty()) << "not before the store has what was written";
    says_ = SH_OK;
    host_.advance(kLeaseMs);
    EXPECT_EQ(leases_, std::vector<std::uint32_t>{0});
    EXPECT_EQ(answer, SH_OK);
    EXPECT_FALSE(producers_->release("home.r", 7, 0)) << "gone";
}

TEST_F(LocalProducersTest, OneThatEndedIsForgottenAtOnce) {
    const sh_bytes end = bytes(R"("outcome":"complete")");
    EXPECT_EQ(producers_->write("home.r", 7, nullptr, 0, &end, 0), SH_OK);
    host_.run();
    EXPECT_EQ(write(), SH_FENCED);
}

}  // namespace
}  // namespace streamcache
