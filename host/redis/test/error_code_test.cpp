#include "redis/error_code.hpp"

#include <string>

#include <gtest/gtest.h>

namespace streamhost::redis {
namespace {

// As Redis 7.0.15 says them.
TEST(ErrorCodeTest, IsTheFirstWord) {
    EXPECT_EQ(error_code("NOSCRIPT No matching script. Please use EVAL."), "NOSCRIPT");
    EXPECT_EQ(error_code("OOM command not allowed when used memory > 'maxmemory'. script: "
                         "897afd4d23ee70efe0ede1685c1c94834429da77, on @user_script:1."),
              "OOM");
    EXPECT_EQ(error_code("WRONGTYPE Operation against a key holding the wrong kind of value script: "
                         "900b6d02981d16ad4995f279696d9421c4beaec5, on @user_script:1."),
              "WRONGTYPE");
    EXPECT_EQ(error_code("FOREIGN data in a"), "FOREIGN") << "redis.error_reply() of a script";
    EXPECT_EQ(error_code("READONLY"), "READONLY");
    EXPECT_EQ(error_code(""), "");
}

// As Redis 6.2.14 says them: what redis.call() refuses itself, and what the command answered.
TEST(ErrorCodeTest, IsFoundBehindTheWordsOfOlderServers) {
    const std::string ran = "ERR Error running script (call to f_897afd4d23ee70efe0ede1685c1c94834429da77): ";
    for (const std::string refusal : {"OOM command not allowed when used memory > 'maxmemory'.",
                                      "NOREPLICAS Not enough good replicas to write.",
                                      "READONLY You can't write against a read only replica.",
                                      "MISCONF Errors writing to the AOF file: ..."})
        EXPECT_EQ(error_code(ran + "@user_script:7: @user_script: 7: -" + refusal),
                  refusal.substr(0, refusal.find(' ')));
    EXPECT_EQ(error_code(
                  ran + "@user_script:12: WRONGTYPE Operation against a key holding the wrong kind of value"),
              "WRONGTYPE");
}

TEST(ErrorCodeTest, IsFoundWhereAScriptThrewIt) {
    EXPECT_EQ(
        error_code("ERR user_script:3: FOREIGN data in a script: 6f3519c0f4201cde38cb7b0834dafd39aac6816f, "
                   "on @user_script:3."),
        "FOREIGN");
    EXPECT_EQ(
        error_code("ERR Error running script (call to f_6f3519c0): @user_script:3: user_script:3: FOREIGN "
                   "data in a"),
        "FOREIGN");
}

TEST(ErrorCodeTest, OfAnythingElseItIsErr) {
    for (const std::string other :
         {"ERR no such key", "ERR OOM", "ERR -OOM",
          "ERR unknown command 'EVALSHA', with args beginning with: 'OOM '", "ERR Error running script",
          "ERR Error running script (call to f_1): OOM", "ERR user_script:3", "ERR user_script:x: OOM",
          "ERR user_script:: OOM", "ERR user_script:3 OOM",
          "ERR Error compiling script (new function): user_script:1: '=' expected near 'OOM'",
          "ERR The user executing the script can't run this command or subcommand script: 1f, on "
          "@user_script:1."})
        EXPECT_EQ(error_code(other), "ERR") << other;
    EXPECT_EQ(error_code("FOREIGN data in @user_script:1: OOM"), "FOREIGN") << "a name says nothing";
    EXPECT_EQ(error_code("ERR user_script:3: FOREIGN data in READONLY -OOM BUSY"), "FOREIGN");
}

}  // namespace
}  // namespace streamhost::redis
