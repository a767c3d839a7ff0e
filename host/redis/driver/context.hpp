#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "streamhost/unique_function.hpp"

#include "redis/driver/call.hpp"
#include "redis/driver/keeper.hpp"
#include "redis/driver/keys.hpp"
#include "redis/port.hpp"
#include "store/channels.hpp"
#include "store/limits.hpp"
#include "store/status.hpp"
#include "store/store_loop.hpp"

namespace streamhost::redis {

// What the driver noticed that no caller can mend: for logs and counters.
enum class TroubleKind : std::uint8_t {
    kForeign = 1,  // data under our keys that we did not write: nothing was changed
    kUnexpected,   // an answer or an error that no script of ours gives
    kRefused,      // the server takes no command, or no write, as long as it is in this state
    kNoScripts,    // a server that knew our scripts, or the one before it, has them no more; they were sent
                   // along
    kWrongType,    // a key of ours is there, and of another type: nothing was changed
};
struct Trouble {
    TroubleKind kind = TroubleKind::kUnexpected;
    std::uint64_t count = 0;   // of this kind so far
    std::string_view command;  // the script's name, or where it arrived
    std::string_view message;  // what the server said
};
[[nodiscard]] std::string_view describe(TroubleKind kind) noexcept;

// Written on the loop, read from any thread: each figure by itself.
struct KeeperBoard {
    std::atomic<std::uint64_t> bytes = 0;
    std::atomic<std::uint64_t> dropped = 0;
    std::atomic<std::uint64_t> reapplied = 0;
    std::atomic<std::uint64_t> stops = 0;  // of the repair
};

struct RedisStoreOptions {
    store::Limits limits;
    std::string key_prefix = "streamhost:";
    std::uint32_t database = 0;  // that the port's connections chose
    KeeperOptions keeper;
    KeeperBoard* keeper_board = nullptr;             // outlives the store
    std::function<void(const Trouble&)> on_trouble;  // [store]; may be empty
    // After each command, however it ended: its name, of static storage, and how long it took, repeats and
    // waits for a master included. [store]; may be empty
    std::function<void(std::string_view command, std::int64_t took_ms)> on_answer;
};

// kOk: the script answered, and value is what it said, valid during the call. Else why there is no answer.
struct Reply {
    store::Status status = store::Status::kGone;
    RespValue value;
    bool is_refused = false;  // by a server that takes no writes for now
};
using ReplyDone = UniqueFunction<void(const Reply&)>;

struct CallOptions {
    std::string_view order = {};  // calls with the same one keep their order
    std::uint32_t timeout_ms = 0;
    bool only_once = false;  // Port::call_once
};

// What all command groups share: slots, answers, errors, the way to the server. [store]
//
// Order: calls with the same `order` take effect in their order, with one exception: when somebody flushes
// the scripts of a server while calls are on their way, a call that was refused as unknown is sent again, and
// one behind it may find the script there again. Where that matters the scripts notice it (kGap, kDiverged).
//
// A script answers with whatever its group understands. It refuses data that it cannot have written with
// redis.error_reply('FOREIGN <what>'), one that finds a key of another type 'OTHERTYPE <what>': these, and
// the server's WRONGTYPE, become kConflict and a report that names a key.
class Context {
public:
    Context(RedisStoreOptions options, Port& port, store::StoreLoop& loop, store::LiveSink& sink);
    ~Context();
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    // A command that is one call: takes a slot, builds the call if the shape is right, answers once.
    template <typename Build>
    [[nodiscard]] store::Submit run(store::Status shape, CallOptions options, Build&& build, ReplyDone done) {
        if (const store::Submit slot = admit(); slot != store::Submit::kAccepted) return slot;
        if (shape != store::Status::kOk) {
            answer_later(shape, std::move(done));
            return store::Submit::kAccepted;
        }
        return send_with_slot(options, build(), std::move(done));
    }

    // The same for what is no script: `ask` hands the port its CallDone, and answers what the port did.
    template <typename Ask>
    [[nodiscard]] store::Submit run_on_port(store::Status shape, std::string_view command, Ask&& ask,
                                            ReplyDone done) {
        if (const store::Submit slot = admit(); slot != store::Submit::kAccepted) return slot;
        if (shape != store::Status::kOk) {
            answer_later(shape, std::move(done));
            return store::Submit::kAccepted;
        }
        const std::int64_t asked_ms = loop_.now_ms();
        const store::Submit submit = ask(CallDone(
            [this, command, asked_ms, done = with_slot(std::move(done))](const CallReply& reply) mutable {
                give(reply, {command, {}, asked_ms}, std::move(done));
            }));
        return submit == store::Submit::kAccepted ? submit : refuse(submit);
    }

    // For commands of several calls, or of waits: a slot, kept until release() (before the caller is
    // answered, who may use it), and calls that take none.
    [[nodiscard]] store::Submit admit();
    void release() noexcept { --in_flight_; }
    // Gives the slot of a command back that the port did not take.
    [[nodiscard]] store::Submit refuse(store::Submit submit) noexcept;
    [[nodiscard]] store::Submit send(CallOptions options, Call call, ReplyDone done);
    // Runs it on the loop, never inside this call; also after shutdown.
    void later(UniqueFunction<void()> task);
    // Runs it on the loop at that time, not after the store is gone.
    void at(std::int64_t at_ms, std::function<void()> task);
    // Releases the slot, and answers.
    void answer_later(store::Status status, ReplyDone done);
    void report(TroubleKind kind, std::string_view command, std::string_view message);

    // Takes no more commands. What the port answers while it closes is answered later.
    void close();
    [[nodiscard]] bool closed() const noexcept { return closed_; }
    // Runs what later() left, now. Before the groups go, which such tasks may ask.
    void run_rest();

    [[nodiscard]] const store::Limits& limits() const noexcept { return options_.limits; }
    // What is sent again must still be remembered: no run forgotten after its end, no key out of its window.
    [[nodiscard]] KeeperOptions keeper_options() const noexcept;
    [[nodiscard]] KeeperBoard* keeper_board() const noexcept { return options_.keeper_board; }
    [[nodiscard]] const KeyNames& keys() const noexcept { return keys_; }
    [[nodiscard]] Port& port() noexcept { return port_; }
    [[nodiscard]] store::StoreLoop& loop() noexcept { return loop_; }
    [[nodiscard]] store::LiveSink& sink() noexcept { return sink_; }
    [[nodiscard]] std::uint64_t in_flight() const noexcept { return in_flight_; }
    [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }
    [[nodiscard]] std::uint64_t subscriptions() const noexcept { return port_.subscriptions(); }

private:
    [[nodiscard]] store::Submit send_with_slot(CallOptions options, Call call, ReplyDone done);
    struct Sent {
        std::string order;
        std::int64_t asked_ms = 0;
        std::int64_t deadline_ms = 0;
        bool only_once = false;
        Call call;
    };
    [[nodiscard]] store::Submit ask_port(const CallOptions& options, std::string command, CallDone done);
    void on_reply(const CallReply& reply, const Sent& sent, ReplyDone done);
    [[nodiscard]] ReplyDone with_slot(ReplyDone done);
    // For reports. No key: none is known.
    struct Question {
        std::string_view command;
        std::string_view keys;  // Call::key_words()
        std::int64_t asked_ms = 0;
    };
    void give(const CallReply& reply, const Question& question, ReplyDone done);
    [[nodiscard]] store::Status status_of(const CallReply& reply, const Question& question);
    [[nodiscard]] store::Status status_of_error(std::string_view error, const Question& question);
    void report_foreign(TroubleKind kind, std::string_view error, const Question& question);
    void drain();

    const RedisStoreOptions options_;
    const KeyNames keys_;
    Port& port_;
    store::StoreLoop& loop_;
    store::LiveSink& sink_;
    bool closed_ = false;
    bool is_closing_ = false;  // inside close()
    std::uint64_t in_flight_ = 0;
    std::uint64_t refused_ = 0;
    std::map<TroubleKind, std::uint64_t> troubles_;  // how many of each kind
    std::set<const Script*> known_scripts_;          // that were answered
    std::deque<UniqueFunction<void()>> later_;
    bool is_scheduled_ = false;
    std::shared_ptr<Context*> self_;  // tasks that outlive the store find nullptr
};

}  // namespace streamhost::redis
