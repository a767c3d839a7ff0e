#include <algorithm>
#include <utility>

#include "net/connection.hpp"
#include "net/loop_server.hpp"
#include "net/ws_handshake.hpp"

namespace streamhost::net {

namespace {

// Of one connection in one turn; then it is the others' turn. About a millisecond at the worst.
constexpr std::size_t kInflateBytes = std::size_t{256} << 10U;

}  // namespace

void Connection::upgrade(const HttpHead& head, std::span<std::uint8_t> rest) {
    const WsHandshake handshake =
        check_ws_handshake(head, endpoint_->subprotocols,
                           endpoint_->compresses ? WsExtensions::kDeflate : WsExtensions::kIgnored);
    if (handshake.refusal != WsRefusal::kNone) {
        server_.counters().refused.fetch_add(1, std::memory_order_relaxed);
        std::string response;
        append_ws_refusal(response, handshake.refusal);
        phase_ = Phase::kAnswering;
        return reply(std::move(response), false);
    }
    if (server_.counters().draining.load(std::memory_order_relaxed))
        return refuse(
            {.status = 503, .detail = "This node is draining; connect to another one", .retry_after_s = 1});

    settle_client(head);
    phase_ = Phase::kOpen;
    server_.counters().websockets.fetch_add(1, std::memory_order_relaxed);
    answer_ = std::make_unique<Answer>();
    append_ws_accept(answer_->bytes, handshake);
    compression_ = handshake.deflate.compression;
    const std::unique_ptr<Pending> request = std::move(request_);  // `head` and `rest` may point into it
    extra_.reset();                                                // lines for an answer, if anything
    outbox_ = &server_.events_.make_outbox(*this, *endpoint_);
    arm_first_deadline();
    server_.events_.opened(*this, *endpoint_, head, handshake.subprotocol);
    proxied_.reset();
    if (phase_ == Phase::kDead || flush_answer() == Flushed::kGone) return;
    if (!rest.empty()) decode(rest);
    watch();
}

void Connection::arm_first_deadline() {
    const std::uint32_t first = endpoint_->first_message_ms;
    if (first > 0 || endpoint_->heartbeat_ms > 0) {
        server_.loop().arm(*this, first > 0 ? first : endpoint_->heartbeat_ms);
    } else {
        runtime::Timer::cancel();
    }
}

void Connection::decode(std::span<std::uint8_t> bytes) {
    missed_pings_ = 0;  // whoever is in the middle of a frame on a slow line cannot answer a ping
    const auto rest = decode_some(bytes);
    // Held: the rest waits here, and the socket is not read, so this is one read at the most.
    if (!rest.empty()) extra().unread.assign(rest.begin(), rest.end());
}

std::span<std::uint8_t> Connection::decode_some(std::span<std::uint8_t> bytes) {
    const WsDecoderOptions options{.max_message_bytes = endpoint_->max_message_bytes,
                                   .takes_deflated = compression_ != WsCompression::kNone};
    std::size_t budget = kInflateBytes;
    while (phase_ == Phase::kOpen || phase_ == Phase::kClosing) {
        const bool is_held = paused_ > 0 || (phase_ == Phase::kOpen && outbox_->congested() &&
                                             flush(1U << 20) != Flushed::kAll);
        if (phase_ == Phase::kDead) return {};
        if (is_held) break;
        if (budget == 0) {
            decode_later();
            break;
        }
        if (extra_ != nullptr && extra_->inflater != nullptr) {
            if (!continue_inflating(budget)) return {};
            continue;
        }
        const WsEvent event = decoder_.next(bytes, options);
        if (event.kind == WsEventKind::kNeedInput) return {};
        if (!(event.deflated ? on_deflated(event, budget) : on_event(event))) return {};
    }
    return phase_ == Phase::kDead ? std::span<std::uint8_t>() : bytes;
}

void Connection::decode_later() {
    Extra& more = extra();
    if (more.decode_posted) return;
    const ConnectionId id = id_;
    LoopServer& server = server_;
    const auto posted = server_.loop().post([&server, id] {
        if (Connection* connection = server.find(id)) connection->decode_unread();
    });
    more.decode_posted = posted == runtime::PostStatus::accepted;
}

void Connection::decode_unread() {
    Extra& more = extra();
    more.decode_posted = false;
    std::vector<std::uint8_t> bytes = std::exchange(more.unread, {});
    const std::span<std::uint8_t> waiting = std::span(bytes).subspan(std::exchange(more.unread_at, 0));
    const auto rest = outbox_ == nullptr ? std::span<std::uint8_t>() : decode_some(waiting);
    // A few messages at a time of what may be many: what is left stays where it is.
    if (!rest.empty()) {
        more.unread_at = bytes.size() - rest.size();
        more.unread = std::move(bytes);
    }
    watch();
}

bool Connection::on_event(const WsEvent& event) {
    switch (event.kind) {
    case WsEventKind::kMessage: return on_message(event.opcode, event.payload);
    case WsEventKind::kPing: {
        WsControlFrame frame;
        const std::size_t size = ws_write_control(frame, WsOpcode::kPong, event.payload);
        if (phase_ == Phase::kOpen) outbox_->push_control({frame.data(), size});
        return true;
    }
    case WsEventKind::kClose: on_peer_close(event); return false;
    case WsEventKind::kError: on_fault(event.fault); return false;
    case WsEventKind::kPong:
    case WsEventKind::kNeedInput: return true;
    }
    return true;
}

bool Connection::on_message(WsOpcode opcode, std::span<const std::uint8_t> payload) {
    if (phase_ == Phase::kOpen) {
        heard_first_ = true;
        server_.events_.message(*this, opcode == WsOpcode::kBinary, payload);
    }
    return phase_ != Phase::kDead;
}

// Most messages are expanded in one go by the inflater of the loop; one that is not takes it along.
bool Connection::on_deflated(const WsEvent& event, std::size_t& budget) {
    if (phase_ != Phase::kOpen) return true;
    server_.counters().inflated_from.fetch_add(event.payload.size(), std::memory_order_relaxed);
    WsInflater& inflater = server_.inflater();
    inflater.start(event.payload, event.opcode, endpoint_->max_message_bytes);
    if (inflater.run(budget) != WsInflater::State::kMore) return on_inflated(inflater);
    inflater.keep_input();
    decoder_.release();
    extra().inflater = server_.lend_inflater();
    return true;
}

bool Connection::continue_inflating(std::size_t& budget) {
    if (extra_->inflater->run(budget) == WsInflater::State::kMore) return true;
    const std::unique_ptr<WsInflater> inflater = std::move(extra_->inflater);
    return on_inflated(*inflater);
}

bool Connection::on_inflated(WsInflater& inflater) {
    if (inflater.fault() != WsFault::kNone) {
        decoder_.end();
        on_fault(inflater.fault());
        return false;
    }
    const auto message = inflater.message();
    server_.counters().inflated_to.fetch_add(message.size(), std::memory_order_relaxed);
    const bool goes_on = on_message(inflater.opcode(), message);
    inflater.trim();
    return goes_on;
}

void Connection::on_fault(WsFault fault) {
    const bool is_large = fault == WsFault::kMessageTooBig && endpoint_->too_large_code != 0;
    start_closing(is_large ? endpoint_->too_large_code : close_code_of(fault), describe(fault));
    if (extra_ != nullptr) extra_->failed = true;
}

void Connection::on_peer_close(const WsEvent& event) {
    Extra& more = extra();
    more.peer_closed = true;
    if (phase_ == Phase::kClosing) {  // the answer to our own
        if (outbox_->empty()) die(more.close_code, more.close_reason);
        return;
    }
    const std::string reason(reinterpret_cast<const char*>(event.payload.data()), event.payload.size());
    start_closing(event.close_code, reason);
}

void Connection::close(std::uint16_t code, std::string_view reason) {
    if (phase_ == Phase::kOpen) start_closing(code, reason);
    if (phase_ == Phase::kStreaming) end_stream(code, reason);
}

void Connection::note_end(std::uint16_t code, std::string_view reason) {
    phase_ = Phase::kClosing;
    extra().close_code = code;
    extra().close_reason = reason;
    server_.loop().arm(*this, server_.limits().close_timeout_ms);
}

void Connection::start_closing(std::uint16_t code, std::string_view reason) {
    if (phase_ != Phase::kOpen) return;
    note_end(code, reason);
    Extra& more = extra();
    // Whoever paused it wanted no more messages; the peer's answer to the close has to be heard all the same.
    paused_ = 0;
    more.inflater.reset();
    if (!more.unread.empty()) decode_later();
    WsControlFrame frame;
    const std::size_t size = ws_write_close(frame, code, reason);
    outbox_->push_control({frame.data(), size});
    outbox_->seal();
}

// Everything went out, the close frame last.
void Connection::finish_closing() {
    Extra& more = extra();
    if (more.peer_closed) return die(more.close_code, more.close_reason);
    // No answer is awaited, but what still comes must not reset our last bytes away.
    if (more.failed || !is_websocket()) end_sending();
}

void Connection::heartbeat() {
    if (!heard_first_ && endpoint_->first_message_ms > 0)
        return close(endpoint_->no_message_code, "the first message did not arrive in time");
    const std::uint32_t period = endpoint_->heartbeat_ms;
    if (period == 0) return;
    if (missed_pings_ >= 2) return close(4001, "two pings stayed unanswered");
    ++missed_pings_;
    WsControlFrame frame;
    const std::size_t size = ws_write_control(frame, WsOpcode::kPing, {});
    outbox_->push_control({frame.data(), size});
    server_.loop().arm(*this, period);
}

}  // namespace streamhost::net
