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

}  // namespace
}  // namespace streamhost::redis
