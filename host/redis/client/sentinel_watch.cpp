#include "redis/client/sentinel_watch.hpp"

#include <utility>

#include "redis/client/sentinel_reply.hpp"
#include "redis/command.hpp"

namespace streamhost::redis {

namespace {
constexpr std::int64_t kNever = INT64_MAX;
constexpr std::string_view kSwitch = "+switch-master";
}  // namespace

SentinelWatch::SentinelWatch(runtime::Loop& loop, HostLookup& lookup, ConnectionOptions options,
                             Address address, std::string master)
    : loop_(loop),
      lookup_(lookup),
      options_(std::move(options)),
      address_(std::move(address)),
      master_(std::move(master)) {}

SentinelWatch::~SentinelWatch() {
    *self_ = nullptr;
    close();
}

void SentinelWatch::close() {
    is_closed_ = true;
    ++question_;
    done_ = {};
    if (connection_) connection_->close(LinkEnd::kByUs);
}

bool SentinelWatch::is_connected() const noexcept {
    return connection_ && connection_->link().state() == LinkState::kReady;
}

void SentinelWatch::ask(UniqueFunction<void(SentinelAnswer)> done) {
    ++question_;
    done_ = std::move(done);
    if (is_connected()) return send_question();
    if (connection_ || std::exchange(is_looked_up_, true)) return;
    lookup_.find(address_, [weak = std::weak_ptr<SentinelWatch*>(self_)](Endpoints endpoints) {
        const auto self = weak.lock();
        if (self && *self != nullptr) (*self)->connect(std::move(endpoints));
    });
}

void SentinelWatch::connect(Endpoints endpoints) {
    is_looked_up_ = false;
    if (is_closed_) return;
    connection_ = std::make_unique<Connection>(loop_, options_);
    connection_->on_ready = [this] { started(); };
    connection_->link().on_push = [this](const RespValue& push) { take_push(push); };
    connection_->open(std::move(endpoints), address_.host);
}

void SentinelWatch::started() {
    std::string command;
    write_command(command, "SUBSCRIBE", kSwitch);
    (void)connection_->link().send_unanswered(command);  // refused only when full, and it is new
    if (done_) send_question();
    refresh();
}

void SentinelWatch::send(std::initializer_list<std::string_view> words, LinkDone done) {
    std::string command;
    CommandWriter writer(command, static_cast<std::uint32_t>(words.size()));
    for (const std::string_view word : words)
        writer.word(word);
    // Full only when nothing was answered for long, and then silence ends the connection.
    (void)connection_->link().send(command, kNever, std::move(done));
    connection_->flush();
}

void SentinelWatch::send_question() {
    // In this order: an address that is newer than its epoch is harmless, the reverse is not.
    send({"SENTINEL", "MASTER", master_}, [this, question = question_](const LinkReply& reply) {
        if (reply.answer == LinkAnswer::kReply && question == question_) partial_ = read_master(reply.value);
    });
    if (!is_connected()) return;
    send({"SENTINEL", "GET-MASTER-ADDR-BY-NAME", master_},
         [this, question = question_](const LinkReply& reply) {
             if (reply.answer != LinkAnswer::kReply || question != question_) return;
             read_address(reply.value, partial_);
             answer(question, std::exchange(partial_, {}));
         });
}

void SentinelWatch::refresh() {
    if (!is_connected()) return;
    send({"SENTINEL", "SENTINELS", master_}, [this](const LinkReply& reply) {
        if (reply.answer == LinkAnswer::kReply && reply.value.is_list())
            others_ = read_sentinels(reply.value);
    });
}

void SentinelWatch::take_push(const RespValue& push) {
    if (push.size() == 3 && push[0].text() == "message" && is_switch_of(push[2].text(), master_) && on_switch)
        on_switch();
}

void SentinelWatch::answer(std::uint64_t question, SentinelAnswer answer) {
    if (question != question_ || !done_) return;
    std::exchange(done_, {})(std::move(answer));
}

void SentinelWatch::tick(std::int64_t now_ms) {
    if (!connection_) return;
    connection_->tick(now_ms);
    if (connection_->has_ended()) ended();
}

// Here and not when it happens: the connection may be further up the stack then.
void SentinelWatch::ended() {
    const std::unique_ptr<Connection> connection = std::move(connection_);
    SentinelAnswer nothing;
    const LinkEnd end = connection->end();
    if (end == LinkEnd::kPassword || end == LinkEnd::kRight) nothing.kind = SentinelAnswer::Kind::kRefused;
    nothing.detail = to_text(address_) + ": " + std::string(describe(end));
    if (!connection->detail().empty()) nothing.detail += " (" + connection->detail() + ")";
    answer(question_, std::move(nothing));
}

}  // namespace streamhost::redis
