#include "bridge/extensions.hpp"
#include "bridge/store_calls.hpp"
#include "store/chain.hpp"

namespace streamhost::bridge {

sh_status to_status(store::Submit submit) {
    switch (submit) {
    case store::Submit::kAccepted: return SH_OK;
    case store::Submit::kBusy: return SH_BUSY;
    case store::Submit::kGone: return SH_GONE;
    }
    return SH_INTERNAL;
}

void set_status(store::Status status, sh_result& out) {
    const auto word = [&]() -> sh_status {
        switch (status) {
        case store::Status::kOk:
        case store::Status::kDuplicate: return SH_OK;
        case store::Status::kConflict: return SH_CONFLICT;
        case store::Status::kGap: return SH_GAP;
        case store::Status::kDiverged: return SH_DIVERGED;
        case store::Status::kFenced: return SH_FENCED;
        case store::Status::kHeld: return SH_HELD;
        case store::Status::kEnded: return SH_ENDED;
        case store::Status::kNoStream:
        case store::Status::kNotFound: return SH_NOT_FOUND;
        case store::Status::kFull: return SH_FULL;
        case store::Status::kForbidden: return SH_FORBIDDEN;
        case store::Status::kInvalid: return SH_INVALID;
        case store::Status::kTooLarge: return SH_TOO_LARGE;
        case store::Status::kTimeout: return SH_TIMEOUT;
        case store::Status::kGone: return SH_GONE;
        case store::Status::kExhausted:  // a bound of the store, not of the stream
        case store::Status::kUnavailable: return SH_UNAVAILABLE;
        }
        return SH_INTERNAL;
    };
    out.status = word();
    if (status == store::Status::kDuplicate) out.flags |= SH_RESULT_DUPLICATE;
}

namespace {

std::uint64_t chain(std::uint64_t prev, std::uint32_t type, sh_bytes data) {
    return store::next_check(prev, static_cast<store::Type>(static_cast<char>(type)), view(data));
}

const char* kind(const sh_host* host) { return hub_of(host).kind().c_str(); }

sh_status set_events(const sh_host* host, const sh_store_events* events) {
    if (!runtime::check_role(runtime::Role::control, "store.set_events")) return SH_WRONG_ROLE;
    return hub_of(host).set_events(control::Instance::of(host), *events);
}

}  // namespace

const sh_store_ext& store_table() {
    static const sh_store_ext kTable = [] {
        sh_store_ext table{};
        table.struct_size = sizeof(table);
        table.chain = &chain;
        table.kind = &kind;
        table.set_events = &set_events;
        fill_streams(table);
        fill_channels(table);
        fill_registry(table);
        fill_work(table);
        return table;
    }();
    return kTable;
}

}  // namespace streamhost::bridge
