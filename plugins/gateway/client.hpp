// One connection's side of the protocol: what it may ask in which state, and what it is told. Runs on the
// connection's loop; every call to a service answers there later.
//
// What a `hello` was promised and the store could not give stays owed, and comes when the store is back.
//
// States: new (only hello and ping), opening (the socket is not read), open. Before an answer comes the
// client may be gone: closures carry its number and look it up.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "streamhost/websocket.hpp"

#include "allowed_homes.hpp"
#include "client_trace.hpp"
#include "door.hpp"
#include "errors.hpp"
#include "foreign_streams.hpp"
#include "identity.hpp"
#include "patience.hpp"
#include "request.hpp"

namespace gateway {

class Client {
public:
    // `address` counts as entered (sh_ratelimit) by that instance; `token` is what the upgrade brought.
    Client(LoopClients& loop, streamhost::Connection connection, std::string address,
           std::uint64_t address_counted_by, std::string token);
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    ~Client();

    // The headers of its upgrade. Called while tracing is on alone.
    void brings_trace(std::string_view parent, std::string_view state);
    void message(bool is_binary, std::string_view data);
    void drain(std::uint32_t reconnect_after_ms) const;
    // The time for it has passed.
    void hello_is_due() const;
    void token_has_expired() const;
    // Identities may have ended before their time.
    void look_at_identity() const;
    // Another instance counts connections from now on, and does not know this one.
    void enter_again();
    // What is revoked would not be heard of.
    void nobody_can_judge() const;
    // How the session registry is told of it. Views of this object.
    [[nodiscard]] sh_session_join registration() const;
    // The session is another user's by now.
    void disown() const;
    // Tries again what `hello` was promised. Answers how many streams that are.
    std::size_t ask_for_owed();

private:
    enum class State { kNew, kOpening, kOpen };
    // What `hello` wanted, until `welcome`.
    struct Opening {
        std::string id;
        std::string session;  // as asked for
        bool follow = true;
        std::vector<std::pair<std::string, sh_position>> resume;
    };
    using Owed = std::vector<OwedStream>;

    void handle(std::string_view text, bool is_new);
    void on(const Request& request, const Refused& refused);
    void on(const Request& request, const Hello& hello);
    void on(const Request& request, const Subscribe& subscribe);
    void on(const Request& request, const Unsubscribe& unsubscribe);
    void on(const Request& request, const Send& send);
    void on(const Request& request, const Cancel& cancel);
    void on(const Request& request, const History& history);
    void on(const Request& request, const Refresh& refresh);
    void on(const Request& request, const Append& append);
    void on(const Request& request, const Claim& claim);
    void on(const Request& request, const Renew& renew);
    void on(const Request& request, const Ping& ping);

    void authenticate(std::string_view token);
    void identified(const sh_result& result);
    void ask_to_join();
    void refreshed(const std::string& id, const sh_result& result);
    void become(Identity identity);
    [[nodiscard]] bool may_read_session(const Identity& identity) const;
    // What stands and was let in by `before` is let in by what counts now, or ends.
    void judge_streams(const streamhost::GrantList& before);
    void judge_stream(const std::string& stream, const streamhost::GrantList& before);
    void end_stream(const std::string& stream, const sh_result& result);
    // Notes that `stream` was asked for. Answers by which grants: for asked_for().
    std::uint32_t asks_for(std::string_view stream);
    // The answer is here; if other grants count by now they judge it.
    void asked_for(const std::string& stream, std::uint32_t grants);
    void joined(const sh_result& result);
    void promise();
    void ask_for(const OwedStream& owed);
    void subscribe_owed(const std::string& stream);
    void stands(const std::string& stream, const sh_result& result);
    void owner_told(const sh_result& result);
    void resume_failed(const std::string& stream, const sh_result& result);
    void opened(const sh_result& result);
    [[nodiscard]] Owed::iterator find_owed(std::string_view stream);
    // The session may be believed to be this user's: nothing of it is shown before that is certain.
    [[nodiscard]] bool is_owed(std::string_view home) const;
    bool forget_owed(std::string_view stream);
    void line_up();
    // The store may answer later: worth a second try, and no reason to send the client away.
    [[nodiscard]] bool is_passing(sh_status status) const;
    // As later(), unless that `hello` was undone meanwhile.
    template <typename Body>
    Answer later_owed(Body body) {
        ++asked_;
        return later([hello = hello_, work = std::move(body)](Client& client, const sh_result& result) {
            if (client.hello_ != hello) return;
            --client.asked_;
            work(client, result);
        });
    }
    // What the gateway asked for, or less where the operator allows less.
    [[nodiscard]] Limits enforced_limits() const;
    void refuse_hello(const sh_result& result, std::string_view what);
    void undo_join();
    [[nodiscard]] sh_subscribe subscription(std::string_view stream, std::uint32_t from,
                                            sh_position after) const;

    // client_trace.cpp
    void begin_hello(const Hello& hello);
    void end_hello(std::string_view error);
    [[nodiscard]] streamhost::Span begin_send(const Send& send) const;
    [[nodiscard]] streamhost::Span begin_subscribe(const char* name, std::string_view stream) const;

    // False, and the client was told: it has to say hello first.
    bool require_open(const Request& request);
    // True when this user may do that with the stream. Else it is refused, or the message is put aside until
    // the owner is known, and is then handled again or refused; until then the socket is not read.
    // Only to look is what claims nothing.
    bool use_or_park(const Request& request, std::string_view stream, streamhost::Verb verb);
    // False, and the client was told: it asks too often.
    bool within_limits(const Request& request);

    void send(const std::string& frame) const { connection_.send_text(frame); }
    void fail(std::string_view id, const Error& error, std::string_view stream = "") const;
    // The same, of a message that should not have come; who sends many is closed.
    void reject(std::string_view id, const Error& error);
    void leave_user();
    // What make(id, result) says to request `id`, or why `what` could not do it.
    template <typename Make>
    void answer(const std::string& id, const sh_result& result, std::string_view what, const Make& make) {
        if (result.status != SH_OK) return fail(id, error_of(result, what));
        send(make(id, result));
    }
    // The same, when it comes. `what` is a literal.
    template <typename Make>
    Answer reply(const Request& request, std::string_view what, Make make) {
        return later([id = std::string(request.id), what, say = std::move(make)](
                         Client& client, const sh_result& result) { client.answer(id, result, what, say); });
    }
    // Wraps body(client, result): counts it as pending, and finds the client again when the answer comes.
    template <typename Body>
    Answer later(Body body) {
        begin();
        return
            [&loop = loop_, id = connection_.id(), work = std::move(body)](const sh_result& result) mutable {
                loop.door.pending.fetch_sub(1, std::memory_order_relaxed);
                Client* client = loop.find(id);
                if (client == nullptr) return;
                client->finish();
                work(*client, result);
            };
    }
    void begin();
    void finish();

    [[nodiscard]] Door& door() const { return loop_.door; }
    [[nodiscard]] sh_target target() const { return connection_.loop(); }

    LoopClients& loop_;
    streamhost::Connection connection_;
    State state_ = State::kNew;
    std::unique_ptr<Opening> opening_;  // null but while it opens
    std::string session_;
    std::string agent_;  // "name version" of the program, as it said
    std::string address_;
    std::string token_;  // of the upgrade, until hello
    std::shared_ptr<const Identity> identity_ = anonymous();
    std::string affinity_;
    AllowedHomes own_homes_;      // in which the registry lets the user write, beside the session
    AllowedHomes granted_homes_;  // in which a grant alone lets them write
    AllowedHomes seen_homes_;     // in which it lets the user look
    ForeignStreams foreign_streams_;
    std::uint32_t grants_ = 0;  // counts those that were replaced
    std::string_view text_;     // of the message in hand
    Owed owed_;                 // named streams first, the session's own last
    std::uint32_t asked_ = 0;   // answers that are awaited for owed_
    std::uint32_t hello_ = 0;   // counts those that were undone
    std::uint32_t pending_ = 0;
    Patience patience_;
    bool has_joined_ = false;
    bool is_guest_ = false;               // in a session that is not the user's
    std::unique_ptr<ClientTrace> trace_;  // null without tracing
    // Among the connections of its address and of its user, by these instances of the limiter.
    std::uint64_t address_counted_by_;
    std::optional<std::uint64_t> user_counted_by_;
};

}  // namespace gateway
