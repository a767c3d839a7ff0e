#include "redis/driver/answer.hpp"

#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "redis/driver/lua_scripts.hpp"
#include "store/conformance/bench.hpp"
#include "store/conformance/manual_loop.hpp"
#include "support/held_port.hpp"

namespace streamhost::redis {
namespace {

using store::Status;

class AnswerTest : public ::testing::Test {
protected:
    AnswerTest() {
        RedisStoreOptions options;
        options.on_trouble = [this](const Trouble& trouble) {
            EXPECT_EQ(trouble.kind, TroubleKind::kUnexpected);
            EXPECT_EQ(trouble.command, "try");
            ++troubles_;
        };
        context_ = std::make_unique<Context>(std::move(options), port_, loop_, sink_);
    }
    Answer answer_of(std::string_view text) {
        reader_.feed(text);
        EXPECT_TRUE(reader_.next());
        return {*context_, "try", {Status::kOk, reader_.value()}};
    }

    HeldPort port_;
    store::conformance::ManualLoop loop_;
    store::conformance::RecordingSink sink_;
    std::unique_ptr<Context> context_;
    RespReader reader_;
    int troubles_ = 0;
};

TEST_F(AnswerTest, IsAStatusByItsNumberAndThenValues) {
    Answer answer = answer_of("*3\r\n:12\r\n$1\r\na\r\n:7\r\n");
    EXPECT_EQ(answer.status(), Status::kNotFound);
    EXPECT_EQ(answer.left(), 2U);
    EXPECT_EQ(answer.text(), "a");
    EXPECT_EQ(answer.count(), 7U);
    EXPECT_EQ(answer.number(), 0) << "there is no more";
    EXPECT_EQ(troubles_, 0);
}

TEST_F(AnswerTest, AnythingElseIsReported) {
    for (const std::string_view text :
         {"*1\r\n:0\r\n", "*1\r\n:19\r\n", "*2\r\n$2\r\nok\r\n:1\r\n", "*0\r\n", ":1\r\n"}) {
        const Answer answer = answer_of(text);
        EXPECT_EQ(answer.status(), Status::kUnavailable) << text;
        EXPECT_EQ(answer.left(), 0U) << text;
    }
    EXPECT_EQ(troubles_, 5);
}

// The build makes the numbers of store/status.hpp out of the names in the scripts.
TEST_F(AnswerTest, ScriptsSayTheNumbersOfTheStore) {
    const auto holds = [](const Script& script, std::string_view before, Status status,
                          std::string_view after) {
        std::string line(before);
        line.append(std::to_string(static_cast<int>(status))).append(after);
        return script.text.find(line) != std::string_view::npos;
    };
    EXPECT_TRUE(holds(lua::kAppend, "if not fields then return {", Status::kNoStream, "} end"));
    EXPECT_TRUE(holds(lua::kSend, "return {", Status::kFull, ", user or ''}"));
    EXPECT_TRUE(holds(lua::kLock, "return refuse(", Status::kHeld, ", owner"));
    for (const Script* script : lua::kAll)
        EXPECT_EQ(script->text.find("STATUS"), std::string_view::npos) << script->name;
}

}  // namespace
}  // namespace streamhost::redis
