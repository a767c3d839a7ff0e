#include <optional>
#include <string>

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include "redis/driver/lua_scripts.hpp"
#include "support/redis_bench.hpp"

namespace streamhost::redis {
namespace {

std::string sha1_of(std::string_view text) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha1(), nullptr);
    std::string hex;
    for (unsigned int i = 0; i < size; ++i) {
        constexpr std::string_view kHex = "0123456789abcdef";
        hex.push_back(kHex[digest[i] >> 4]);
        hex.push_back(kHex[digest[i] & 15]);
    }
    return hex;
}

TEST(RedisScriptsTest, HaveTheHashThatTheServerGivesThem) {
    for (const Script* script : lua::kAll) {
        EXPECT_EQ(script->sha1, sha1_of(script->text)) << script->name;
        EXPECT_EQ(RedisServer::instance().command({"SCRIPT", "LOAD", script->text}).text(), script->sha1)
            << script->name;
    }
}

TEST(RedisDriverTest, TheLinkComesUp) {
    RedisBench bench({});
    EXPECT_TRUE(bench.run_until([&] { return bench.sink().links.size() == 1; }));
}

TEST(RedisDriverTest, AGetSaysWhatTheServersClockSays) {
    RedisBench bench({});
    const auto server_s = [] {
        return std::stoll(std::string(RedisBench::server().command({"TIME"}).first().text()));
    };
    RedisBench::server().command({"HSET", "streamhost:key:there", "v", "text"});
    for (const std::string_view key : {"there", "not-there"}) {
        const std::int64_t before_s = server_s();
        std::int64_t said_ms = 0;
        const auto submit = bench.store().keys().key_get(
            {.key = key}, [&](const store::KeyResult& result) { said_ms = result.now_ms; });
        ASSERT_EQ(submit, store::Submit::kAccepted);
        ASSERT_TRUE(bench.run_until([&] { return said_ms != 0; })) << key;
        EXPECT_GE(said_ms, before_s * 1'000) << key;
        EXPECT_LT(said_ms, (server_s() + 1) * 1'000) << key;
    }
}

}  // namespace
}  // namespace streamhost::redis
