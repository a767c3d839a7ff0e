// What a client asked, checked and typed. Everything is a view into the message or the parser, for the length
// of the handling. Source: docs/protocol.md, sections 3 and 4.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "streamhost/abi/svc/recovery.h"
#include "streamhost/abi/svc/streamcache.h"

#include "limits.hpp"

namespace gateway {

struct ResumePoint {
    std::string_view stream;
    sh_position after{};
};

// As the headers of that name; empty where the client says nothing.
struct TraceText {
    std::string_view parent;
    std::string_view state;
};

struct Hello {
    std::string_view session;  // empty: to be generated
    std::string_view token;
    std::string client;  // "name version", for operators
    bool follow = true;
    std::vector<ResumePoint> resume;
    TraceText trace;
};
struct Subscribe {
    std::string_view stream;
    std::uint32_t from = SH_FROM_SNAPSHOT;
    sh_position after{};
};
struct Unsubscribe {
    std::string_view stream;
};
struct Send {
    std::string_view content;  // JSON text
    std::string_view key;
    std::string_view options;  // JSON text, or empty
    TraceText trace;
};
struct Cancel {
    std::string_view run;
    std::string_view reason;
};
struct History {
    std::string_view before;  // a message id, or empty
    std::uint32_t limit = 50;
};
struct Refresh {
    std::string_view token;
};
struct Append {
    std::string_view stream;
    bool is_owned = false;
    std::uint64_t fence = 0;
    std::uint64_t seq = 0;
    std::string_view key;
    std::vector<sh_item> items;
    std::string end;  // data of the end record, or empty
};
struct Claim {
    std::string_view stream;
    std::uint32_t lease_ms = 0;
};
struct Renew {
    std::string_view stream;
    std::uint64_t fence = 0;
};
struct Ping {
    std::string_view ts;  // JSON text, or empty
};
// Not a request of this version. The id is kept, so that the client hears which one.
struct Refused {
    std::string_view code;
    std::string message;
};

struct Request {
    std::string_view id;  // JSON text, or empty
    std::variant<Refused, Hello, Subscribe, Unsubscribe, Send, Cancel, History, Refresh, Append, Claim, Renew,
                 Ping>
        body;
};

}  // namespace gateway
