// How the driver uses its keeper: what was acknowledged is kept, and sent again when the master may be
// another one.
#include <charconv>
#include <string_view>
#include <utility>

#include "sim/node.hpp"

namespace streamhost::sim {

namespace {

constexpr redis::Script kScript{"sim", "", ""};

// The keeper keeps encoded calls. These have the number of the command as their first argument and, of a
// claim, the fence that was given as the second.
std::vector<std::uint64_t> arguments_of(const redis::Call& call) {
    constexpr std::size_t kFirst = 8;  // word: behind the count, the verb, the hash and the number of keys
    const std::string text = call.by_hash();
    std::string_view rest = text;
    std::vector<std::uint64_t> arguments;
    for (std::size_t word = 0; !rest.empty(); ++word) {
        const std::size_t end = rest.find("\r\n");
        if (word >= kFirst && word % 2 == 0) {
            arguments.push_back(0);
            std::from_chars(rest.data(), rest.data() + end, arguments.back());
        }
        rest.remove_prefix(end + 2);
    }
    return arguments;
}

std::string home_of_run(std::size_t run) { return "h" + std::to_string(run); }

}  // namespace

void Node::call_kept(redis::Keep::Kind kind, Command command, Done done) {
    const auto number = static_cast<std::uint32_t>(commands_.size());
    commands_.push_back(std::make_shared<const Command>(std::move(command)));
    world_.cluster.call(index_, commands_.back(),
                        [this, kind, number, done = std::move(done)](const Reply& r) {
                            settle(kind, number, false, r, done);
                        });
}

void Node::settle(redis::Keep::Kind kind, std::uint32_t number, bool was_repaired, const Reply& reply,
                  const Done& done) {
    const std::int64_t now_ms = world_.events.now_ms();
    const CommandRef command = commands_[number];
    const std::string home = home_of_run(command->run);
    store::StreamInfo info;
    info.head = reply.head;
    info.fence = reply.fence;
    if (!was_repaired && keeper_->knows_better(home, reply.status, info, now_ms))
        return repair(home, [this, kind, number, command, done] {
            world_.cluster.call(index_, command, [this, kind, number, done](const Reply& again) {
                settle(kind, number, true, again, done);
            });
        });
    if (reply.status == Status::kOk || reply.status == Status::kDuplicate) {
        redis::Call call(kScript);
        call.arg(number);
        if (kind == redis::Keep::Kind::kClaim) call.arg(reply.fence);
        const std::uint64_t last = command->records.empty() ? 0 : command->records.back().seq;
        keeper_->acknowledged(home, {kind, home, last}, call, info, now_ms);
    }
    done(reply);
}

void Node::repair(const std::string& home, std::function<void()> done) {
    struct Work {
        std::size_t left;
        std::function<void()> done;
    };
    const std::vector<redis::Call> calls = keeper_->calls_of(home);
    const auto work = std::make_shared<Work>(Work{calls.size() + 1, std::move(done)});
    const auto answered = [work](const Reply&) {
        if (--work->left == 0) work->done();
    };
    for (const redis::Call& call : calls) {
        const std::vector<std::uint64_t> arguments = arguments_of(call);
        CommandRef command = commands_[arguments[0]];
        if (command->kind == Command::Kind::kClaim) {
            Command again = *command;
            again.given = arguments.at(1);
            command = std::make_shared<const Command>(std::move(again));
        }
        world_.cluster.call(index_, command, answered);
    }
    later(0, [answered] { answered({}); });
}

}  // namespace streamhost::sim
