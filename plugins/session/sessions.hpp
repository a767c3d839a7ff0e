// Joins, checks and kicks in progress: between the callers' tickets on one side and the roster, the store and
// the topic of kicks on the other. All of it on the store loop, but for left() and leave_later().
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "streamhost/abi/svc/pubsub.h"
#include "streamhost/host.hpp"

#include "departures.hpp"
#include "kicks.hpp"
#include "listing.hpp"
#include "namesake.hpp"
#include "presence.hpp"
#include "requests.hpp"
#include "roster.hpp"
#include "store_port.hpp"

namespace session {

inline constexpr std::uint32_t kKicked = 4403;

class Sessions {
public:
    static constexpr std::size_t kMaxQuestions = 256;  // of those who were believed, under way

    Sessions(streamhost::Host& host, StorePort store, RosterOptions options,
             streamhost::Lease<sh_pubsub> pubsub, const sh_lease* events, std::optional<Presence> presence);
    Sessions(const Sessions&) = delete;
    Sessions& operator=(const Sessions&) = delete;

    void join(std::shared_ptr<JoinRequest> request);
    void leave(sh_connection connection);
    // The store loop could not be told now: the heartbeat tells it. [any]
    void leave_later(sh_connection connection);
    void list(const std::string& user, std::uint32_t limit, sh_ticket ticket);
    void count(sh_ticket ticket);
    void connections(const std::string& session, sh_ticket ticket);
    void nodes(sh_ticket ticket);
    void kick(const std::string& session, sh_ticket ticket) { kicks_.kick(session, ticket); }
    void ask_owner(const std::string& home, const std::string& user, OwnerCheck::Wish wish, sh_ticket ticket);

    void heartbeat();
    // What another node said of a kick.
    void heard_of_kick(std::string_view payload) { kicks_.heard(payload); }
    void close();
    // What a drain waits for; not zero before close() ran. [any]
    [[nodiscard]] std::uint32_t left() const noexcept { return left_.load(); }

private:
    using Request = std::shared_ptr<JoinRequest>;
    using Verdict = streamhost::UniqueFunction<void(sh_status)>;
    static constexpr std::uint32_t kBeatsPerCheck = 30;  // a minute, as the heart beats by default
    struct Question {
        std::string home;
        OwnerCheck check;
        Verdict verdict;
    };

    void ask(const std::shared_ptr<Question>& question);
    void owned(const Request& request, sh_status status);
    void granted(const Request& request);
    [[nodiscard]] bool may_believe(JoinRequest& request) const;
    void ask_believed();
    void heard_of_believed(const Claim& claim, sh_status status);
    void look_up(const Request& request);
    void admit(const Request& request);
    void answer_join(const JoinRequest& request);
    void refuse(const Request& request, sh_status status);
    std::size_t close_all(const std::string& session, std::string_view reason);
    void pump();
    void say_who_is_there();
    void answered(const Command& command, const sh_result& result);
    void note_reaped(std::size_t count);
    void look_for_namesake(const sh_result& put);
    void show_state();
    void count_all();
    void tell_departures();

    streamhost::Host& host_;
    StorePort store_;
    const sh_websocket_ext* websocket_;
    Kicks kicks_;
    Roster roster_;
    Namesake namesake_;
    Departures departures_;
    std::optional<Presence> presence_;  // unless nobody is told
    std::unordered_map<sh_connection, Request> joining_;
    std::uint32_t beats_ = 0;
    std::size_t questions_ = 0;       // about those who were believed, under way
    bool is_store_answering_ = true;  // as far as those know
    bool is_pumping_ = false;
    bool is_saying_ = false;
    bool is_closed_ = false;
    bool was_healthy_ = true;
    bool had_namesake_ = false;
    std::atomic<std::uint32_t> left_{1};
    streamhost::Metric local_;
    streamhost::Metric known_;
    streamhost::Metric connections_;
    streamhost::Metric reaped_;
    streamhost::Metric cleanup_errors_;
    streamhost::Metric kicked_;
    streamhost::Metric forbidden_;
    streamhost::Metric believed_;
    streamhost::Metric namesakes_;
};

}  // namespace session
