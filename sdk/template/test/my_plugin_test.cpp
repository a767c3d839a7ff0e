// The whole plugin on a fake host: one thread, no sockets, no host needed.
#include "my_plugin.hpp"

#include <gtest/gtest.h>

#include "streamhost/testing/fake_host.hpp"
#include "streamhost/testing/fake_http.hpp"

namespace {

class MyPluginTest : public ::testing::Test {
protected:
    MyPluginTest() { host.create<MyPlugin>(); }
    ~MyPluginTest() override { host.destroy(); }

    streamhost::testing::FakeHost host;
    streamhost::testing::FakeHttp http{host};
};

TEST_F(MyPluginTest, GreetsAndCounts) {
    ASSERT_EQ(host.configure(), SH_OK);
    ASSERT_EQ(host.start(), SH_OK) << host.error.text;
    const auto answer = http.get("/my-plugin");
    EXPECT_EQ(answer.status, 200u);
    EXPECT_EQ(answer.headers.at("Content-Type"), "application/json");
    EXPECT_EQ(answer.body, "{\"greeting\":\"Hello\"}\n");
    EXPECT_EQ(host.metric_values.at("greetings_total"), 1);
}

TEST_F(MyPluginTest, TakesItsSection) {
    streamhost::testing::FakeConfig config;
    config.set("path", std::string("/hi")).set("greeting", std::string("say \"hi\""));
    ASSERT_EQ(host.configure(config), SH_OK);
    ASSERT_EQ(host.start(), SH_OK) << host.error.text;
    EXPECT_EQ(http.get("/hi").body, "{\"greeting\":\"say \\\"hi\\\"\"}\n");
    EXPECT_EQ(http.get("/my-plugin").status, 404u);
}

TEST_F(MyPluginTest, WantsANewInstanceForANewSection) {
    ASSERT_EQ(host.configure(), SH_OK);
    ASSERT_EQ(host.start(), SH_OK) << host.error.text;
    EXPECT_EQ(host.configure(), SH_NEEDS_RESTART);
}

}  // namespace
