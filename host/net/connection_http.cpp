#include <cassert>
#include <utility>

#include "net/connection.hpp"
#include "net/loop_server.hpp"
#include "net/ws_handshake.hpp"

namespace streamhost::net {

namespace {

std::string_view text_of(std::span<const std::uint8_t> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::span<std::uint8_t> bytes_of(std::string& text) {
    return {reinterpret_cast<std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

void Connection::take_request_bytes(std::span<std::uint8_t> bytes) {
    if (request_ != nullptr) {
        keep_for_later(bytes);
        return continue_request();
    }
    // Nearly every head comes in one piece: parsed where it lies, with the loop's parser, nothing allocated.
    HttpHeadParser& parser = server_.parser_;
    parser.reset();
    switch (parser.parse(text_of(bytes))) {
    case HeadState::kNeedMore: return keep_for_later(bytes);
    case HeadState::kRefused: return refuse(problem_of(parser.fault()));
    case HeadState::kComplete: return route(parser.head(), parser.length(), bytes);
    }
}

// Nothing for no bytes, so that a resting connection holds nothing.
std::unique_ptr<Connection::Pending> Connection::pending_of(std::span<const std::uint8_t> bytes) const {
    if (bytes.empty()) return nullptr;
    auto pending = std::make_unique<Pending>();
    pending->parser = HttpHeadParser(server_.limits().head);
    pending->bytes = text_of(bytes);
    return pending;
}

void Connection::keep_for_later(std::span<const std::uint8_t> bytes) {
    if (request_ != nullptr) {
        request_->bytes.append(text_of(bytes));
        return;
    }
    request_ = pending_of(bytes);
    // From the first byte on, not from the last: one byte a second must not hold a slot for hours.
    if (is_kept_) server_.loop().arm(*this, server_.limits().head_timeout_ms);
}

void Connection::continue_request() {
    Pending& pending = *request_;
    if (pending.has_head) {
        const HttpHead& head = pending.parser.head();
        if (pending.bytes.size() < pending.head_size + head.content_length) return;
        return start_request(head, pending.head_size, bytes_of(pending.bytes));
    }
    switch (pending.parser.parse(pending.bytes)) {
    case HeadState::kNeedMore: return;
    case HeadState::kRefused: return refuse(problem_of(pending.parser.fault()));
    case HeadState::kComplete:
        return route(pending.parser.head(), pending.parser.length(), bytes_of(pending.bytes));
    }
}

void Connection::route(const HttpHead& head, std::size_t head_size, std::span<std::uint8_t> bytes) {
    keep_alive_ = head.keep_alive() && !server_.counters().closing.load(std::memory_order_relaxed);
    no_content_ = head.method == "HEAD";
    const HttpPolicyPtr policy = server_.limits().http;
    const bool has_cors = policy != nullptr && policy->cors.is_on();
    if (has_cors) extra().cors = cors_lines(policy->cors, head);
    RouteTablePtr routes = server_.routes(listener_);
    const RouteResult found = routes == nullptr ? RouteResult{} : routes->router.find(head.method, head.path);
    if (has_cors && found.status != 404 && is_preflight(head) && head.framing == BodyFraming::kNone) {
        std::string response =
            preflight_answer(policy->cors, head, keep_alive_ ? AfterReply::kKeepAlive : AfterReply::kClose);
        return answer_at_once(std::move(response), bytes.subspan(head_size));
    }
    const bool is_off =
        found.status == 200 && static_cast<const Endpoint*>(found.handler)->kind == Endpoint::Kind::kOff;
    // Who served this may have left already: whoever asks again should ask another node.
    if ((found.status == 404 || is_off) && server_.counters().draining.load(std::memory_order_relaxed))
        return refuse(
            {.status = 503, .detail = "This node is draining; ask another one", .retry_after_s = 1});
    if (found.status != 200) {
        const std::string allow = allow_list(found.allowed);
        const HttpField fields[] = {{"Allow", allow}};
        HttpProblem problem{.status = static_cast<std::uint16_t>(found.status)};
        problem.detail =
            found.status == 404 ? "Nothing answers at this path" : "This path does not take this method";
        if (found.status == 405) problem.fields = fields;
        return refuse_kindly(problem, head, bytes.subspan(head_size));
    }
    endpoint_ = {std::move(routes), static_cast<const Endpoint*>(found.handler)};
    if (endpoint_->kind == Endpoint::Kind::kOff)
        return refuse_kindly({.status = 404, .detail = endpoint_->off_calls}, head, bytes.subspan(head_size));
    if (endpoint_->kind == Endpoint::Kind::kWebSocket) return upgrade(head, bytes.subspan(head_size));
    if (head.framing == BodyFraming::kChunked)
        return refuse(
            {.status = 411, .detail = "Send the body with Content-Length; a chunked body is not taken here"});
    if (head.content_length > endpoint_->max_body_bytes)
        return refuse({.status = 413, .detail = "The body is larger than this path takes"});
    if (bytes.size() < head_size + head.content_length) return await_body(head, head_size, bytes);
    start_request(head, head_size, bytes);
}

// `rest` is what came behind the head, and may lie in request_.
void Connection::answer_at_once(std::string response, std::span<const std::uint8_t> rest) {
    request_ = pending_of(rest);
    phase_ = Phase::kAnswering;
    reply(std::move(response), true);
}

void Connection::await_body(const HttpHead& head, std::size_t head_size,
                            std::span<const std::uint8_t> bytes) {
    const std::size_t whole = head_size + static_cast<std::size_t>(head.content_length);
    const bool expects = head.has_token("Expect", "100-continue");
    if (request_ == nullptr) keep_for_later(bytes);
    // Room for all of it now, and one more reading of the head there: its views must not move any more.
    request_->bytes.reserve(whole);
    request_->parser.reset();
    const HeadState again = request_->parser.parse(request_->bytes);
    assert(again == HeadState::kComplete);
    if (again != HeadState::kComplete) return die(1006, {});
    request_->head_size = head_size;
    request_->has_head = true;
    phase_ = Phase::kBody;
    server_.loop().arm(*this, server_.limits().head_timeout_ms);
    if (!expects) return;
    constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    // A socket that was idle takes 25 bytes; if not, the client sends its body after its own time-out.
    const iovec part{const_cast<char*>(kContinue.data()), kContinue.size()};
    (void)transmit(&part, 1);
}

void Connection::start_request(const HttpHead& head, std::size_t head_size, std::span<std::uint8_t> bytes) {
    settle_client(head);
    phase_ = Phase::kAnswering;
    server_.loop().arm(*this, server_.limits().send_timeout_ms);
    const std::size_t whole = head_size + static_cast<std::size_t>(head.content_length);
    const std::string_view body =
        text_of(bytes.subspan(head_size, static_cast<std::size_t>(head.content_length)));
    // What came behind is the next request. Taken before the answer, which may come inside the call; `head`
    // and `body` may point into the present one.
    const std::unique_ptr<Pending> present = std::exchange(request_, pending_of(bytes.subspan(whole)));
    server_.events_.request(*this, *endpoint_, head, body);
    watch();
}

void Connection::reply(std::string response, bool keep_alive) {
    if (phase_ != Phase::kAnswering || answer_ != nullptr)
        return;  // it went away, or was told it took too long
    keep_alive_ = keep_alive_ && keep_alive;
    server_.complete(response, take_cors());
    answer_ = std::make_unique<Answer>(Answer{std::move(response)});
    server_.loop().arm(*this, server_.limits().send_timeout_ms);
    (void)flush_answer();
}

void Connection::begin_stream(std::string head, Outbox& outbox) {
    assert(phase_ == Phase::kAnswering && answer_ == nullptr);
    server_.complete(head, take_cors());
    request_.reset();
    answer_ = std::make_unique<Answer>(Answer{std::move(head)});
    outbox_ = &outbox;
    phase_ = Phase::kStreaming;
    server_.counters().streams.fetch_add(1, std::memory_order_relaxed);
    if (endpoint_->comment_ms > 0)
        server_.loop().arm(*this, endpoint_->comment_ms);
    else
        runtime::Timer::cancel();
    (void)flush_answer();
    watch();
}

// Whoever stands between keeps a connection that speaks, and a client that is gone shows.
void Connection::comment() {
    constexpr std::string_view kComment = "3\r\n:\n\n\r\n";
    if (outbox_->empty())
        outbox_->push_control({reinterpret_cast<const std::uint8_t*>(kComment.data()), kComment.size()});
    server_.loop().arm(*this, endpoint_->comment_ms);
}

void Connection::end_stream(std::uint16_t code, std::string_view reason) {
    constexpr std::string_view kLastChunk = "0\r\n\r\n";
    note_end(code, reason);
    outbox_->push_control({reinterpret_cast<const std::uint8_t*>(kLastChunk.data()), kLastChunk.size()});
    outbox_->seal();
}

void Connection::refuse(const HttpProblem& problem) {
    server_.counters().refused.fetch_add(1, std::memory_order_relaxed);
    phase_ = Phase::kAnswering;
    reply(response_of(problem), false);
}

// Where nothing of the request is in doubt the connection may go on.
void Connection::refuse_kindly(HttpProblem problem, const HttpHead& head,
                               std::span<const std::uint8_t> rest) {
    if (!keep_alive_ || head.framing != BodyFraming::kNone) return refuse(problem);
    problem.after = AfterReply::kKeepAlive;
    answer_at_once(response_of(problem), rest);
}

// RFC 9110 9.3.2: HEAD is answered with the same fields and no content. On a kept connection the content
// would be taken for the beginning of the next answer.
std::string Connection::response_of(const HttpProblem& problem) const {
    std::string response;
    append_problem(response, problem);
    if (no_content_) response.resize(response.find("\r\n\r\n") + 4);
    return response;
}

// The answer went out: the next request, or the end.
void Connection::answered() {
    if (phase_ != Phase::kAnswering) return;
    if (!keep_alive_) return linger();
    phase_ = Phase::kHead;
    is_kept_ = true;
    no_content_ = false;
    server_.loop().arm(*this, server_.limits().idle_timeout_ms);
    watch();
    if (request_ == nullptr) return;
    // Later, not here: a client that sends a thousand requests at once must not build a thousand frames on
    // this stack.
    const ConnectionId id = id_;
    LoopServer& server = server_;
    const auto posted = server_.loop().post([&server, id] {
        Connection* connection = server.find(id);
        if (connection != nullptr && connection->phase_ == Phase::kHead && connection->request_ != nullptr)
            connection->continue_request();
    });
    if (posted != runtime::PostStatus::accepted) die(1006, {});
}

}  // namespace streamhost::net
