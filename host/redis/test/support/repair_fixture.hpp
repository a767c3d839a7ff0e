#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "redis/driver/lua_scripts.hpp"
#include "redis/driver/repair.hpp"
#include "store/conformance/bench.hpp"
#include "store/conformance/manual_loop.hpp"
#include "support/held_port.hpp"

namespace streamhost::redis {

inline std::string last_word(const std::string& command) {
    const std::size_t line = command.rfind("\r\n", command.size() - 3);
    return command.substr(line + 2, command.size() - line - 4);
}

// A script's answer that has nothing but its status.
inline std::string answer_of(store::Status status) {
    return "*1\r\n:" + std::to_string(static_cast<int>(status));
}

// What the tests of the repair share: a keeper of writes, and the calls that come of them.
class RepairFixture : public ::testing::Test {
protected:
    RepairFixture() {
        RedisStoreOptions options;
        options.keeper_board = &board_;
        context_ = std::make_unique<Context>(std::move(options), port_, loop_, sink_);
        repair_ = std::make_unique<Repair>(*context_, keeper_, settled_ms_);
    }

    void keep(const std::string& home, int first, int last) {
        for (int number = first; number <= last; ++number)
            keeper_.acknowledged(home, {Keep::Kind::kAppend, home + ".r"}, Call(lua::kAppend).arg(number), {},
                                 loop_.now_ms());
    }
    // Of the calls on their way.
    std::string words() const {
        std::string all;
        for (const auto& held : port_.held)
            all += last_word(held.command) + " ";
        return all;
    }
    void reply(std::size_t calls, std::string_view text = "*1\r\n:1") {
        for (; calls > 0; --calls)
            port_.reply(text);
        loop_.settle();
    }
    void start(const std::string& home) {
        repair_->home(home, [this] { ++done_; });
    }

    HeldPort port_;
    store::conformance::ManualLoop loop_;
    store::conformance::RecordingSink sink_;
    KeeperBoard board_;
    Keeper keeper_{{}};
    std::unique_ptr<Context> context_;
    std::int64_t settled_ms_ = INT64_MAX;
    std::unique_ptr<Repair> repair_;
    int done_ = 0;
};

}  // namespace streamhost::redis
