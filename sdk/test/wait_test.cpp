#include "streamhost/wait.hpp"

#include <gtest/gtest.h>

#include "streamhost/plugin.hpp"
#include "streamhost/testing/fake_host.hpp"

namespace streamhost {
namespace {

constexpr const char* kService = "test.answers/1";

struct Answers {
    std::uint32_t struct_size;
};

class Asking : public Plugin {
public:
    using Plugin::host;
    using Plugin::Plugin;
};

class WaitTest : public ::testing::Test {
protected:
    WaitTest() { fake_.offer(kService, &table_, nullptr); }

    Answers table_{sizeof(Answers)};
    testing::FakeHost fake_;
    Asking& plugin_ = fake_.create<Asking>();
    Lease<Answers> lease_ = plugin_.host().acquire<Answers>(kService);
};

TEST_F(WaitTest, KeepsWhatTheAnswerShowed) {
    const Answered answered =
        wait_for_answer(plugin_.host(), lease_, 1'000, [&](const Answers&, void*, sh_ticket ticket) {
            const auto body = plugin_.host().make_buffer("as it was");
            sh_result result = Host::make_result(SH_OK);
            result.count = 3;
            result.body = body.get();
            plugin_.host().complete(ticket, result);
            fake_.run();  // the store loop
        });
    EXPECT_EQ(answered.result.status, SH_OK);
    EXPECT_EQ(answered.result.count, 3u);
    EXPECT_EQ(answered.result.body, nullptr);
    EXPECT_EQ(answered.body, "as it was");
}

TEST_F(WaitTest, WhoNeedsAnAnswerHearsAFailureAsSuch) {
    const auto ask = [&](sh_status status) {
        return need_answer(plugin_.host(), lease_, 1'000, [&](const Answers&, void*, sh_ticket ticket) {
            plugin_.host().complete(ticket, status, "why");
            fake_.run();
        });
    };
    EXPECT_EQ(ask(SH_OK).result.status, SH_OK);
    sh_error error{};
    EXPECT_EQ(guard(&error, [&] { (void)ask(SH_NOT_FOUND); }), SH_NOT_FOUND);
    EXPECT_STREQ(error.text, "why");
}

TEST_F(WaitTest, EndsAlsoWhenTheStoreLoopStandsStill) {
    const Answered answered =
        wait_for_answer(plugin_.host(), lease_, 1, [](const Answers&, void*, sh_ticket) {});
    EXPECT_EQ(answered.result.status, SH_TIMEOUT);
    fake_.advance(1'000);  // the answer that comes too late meets nobody
}

TEST_F(WaitTest, TheStoreLoopIsRefused) {
    sh_status status = SH_OK;
    ASSERT_EQ(plugin_.host().post(SH_ON_STORE,
                                  [&] {
                                      status = guard(nullptr, [&] {
                                          (void)wait_for_answer(plugin_.host(), lease_, 1,
                                                                [](const Answers&, void*, sh_ticket) {});
                                      });
                                  }),
              SH_OK);
    fake_.run();
    EXPECT_EQ(status, SH_UNSUPPORTED);
}

}  // namespace
}  // namespace streamhost
