// The problem: a kick has to close the connections that a session has on other nodes too, at once, and
// whoever asked for it wants to know how many those were, and of which nodes that is not known.
//
// The registry says which nodes hold the session; one topic tells all nodes to close it, and on the same
// topic each says how many it closed. The asker's ticket is answered when all of them did, or after a second.
//
// On the store loop, all of it. A kick under way is bounded by that second.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "streamhost/abi/svc/pubsub.h"
#include "streamhost/host.hpp"

#include "store_port.hpp"

namespace session {

// What nodes say to each other; words, since neither ids of sessions nor of nodes have spaces. Pure. [any]
struct KickMessage {
    enum class Kind { kNone = 0, kClose, kClosed };
    Kind kind = Kind::kNone;
    std::string asker;         // node that was asked to kick
    std::uint64_t number = 0;  // of the kick, there
    std::string session;       // kClose
    std::string node;          // kClosed: who says so
    std::uint64_t closed = 0;  // kClosed: connections
};
[[nodiscard]] std::string write(const KickMessage& message);
// kNone for what is not one of ours.
[[nodiscard]] KickMessage read_kick(std::string_view payload);

class Kicks {
public:
    static constexpr std::uint32_t kWaitMs = 1'000;
    using CloseHere = streamhost::UniqueFunction<std::size_t(const std::string& session)>;

    Kicks(streamhost::Host& host, StorePort& store, streamhost::Lease<sh_pubsub> pubsub,
          const sh_lease* events, CloseHere close_here)
        : host_(host), store_(store), pubsub_(pubsub), events_(events), close_here_(std::move(close_here)) {}
    Kicks(const Kicks&) = delete;
    Kicks& operator=(const Kicks&) = delete;

    // The answer is that of sh_session::kick.
    void kick(const std::string& session, sh_ticket ticket);
    void heard(std::string_view payload);
    // At each heartbeat, since pubsub may have been replaced meanwhile; a repeat is cheap.
    void subscribe();

private:
    struct Round {
        std::uint64_t number = 0;
        sh_ticket ticket = 0;
        std::string session;
        std::uint64_t closed = 0;
        std::set<std::string> silent;  // nodes that hold the session and have not answered
        std::string trouble;
        sh_handle deadline = 0;
    };
    using RoundPtr = std::shared_ptr<Round>;

    void tell_nodes(const RoundPtr& round);
    void say(const KickMessage& message, streamhost::Host::Answer answer);
    void finish_if_all(const RoundPtr& round);
    void finish(const RoundPtr& round);
    void closed_elsewhere(const KickMessage& message);
    void close_for(const KickMessage& message);
    void note_topics(sh_status status);

    streamhost::Host& host_;
    StorePort& store_;
    streamhost::Lease<sh_pubsub> pubsub_;
    const sh_lease* events_;
    CloseHere close_here_;
    std::unordered_map<std::uint64_t, RoundPtr> rounds_;
    std::uint64_t last_number_ = 0;
    sh_status topics_ = SH_OK;  // the last answer to subscribe()
};

}  // namespace session
