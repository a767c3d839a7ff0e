#include "redis/client/client.hpp"

#include <utility>

#include "redis/client/core.hpp"

namespace streamhost::redis {

Client::Client(runtime::Loop& loop, ClientOptions options, Report report)
    : core_(std::make_unique<Core>(loop, std::move(options), std::move(report))) {}

Client::~Client() = default;

void Client::start(PortEvents& events, std::vector<std::string> preamble) {
    core_->start(events, std::move(preamble));
}

store::Submit Client::call(std::string_view order, std::string command, std::uint32_t timeout_ms,
                           CallDone done) {
    return core_->call(order, std::move(command), timeout_ms, std::move(done), CallQueue::Repeat::kAllowed);
}

store::Submit Client::call_once(std::string_view order, std::string command, std::uint32_t timeout_ms,
                                CallDone done) {
    return core_->call(order, std::move(command), timeout_ms, std::move(done), CallQueue::Repeat::kForbidden);
}

store::Submit Client::listen(ListenTo kind, std::string_view name, std::uint32_t timeout_ms, CallDone done) {
    return core_->listen(kind, name, timeout_ms, std::move(done), true);
}

store::Submit Client::unlisten(ListenTo kind, std::string_view name, std::uint32_t timeout_ms,
                               CallDone done) {
    return core_->listen(kind, name, timeout_ms, std::move(done), false);
}

void Client::close() { core_->close(); }
std::uint64_t Client::in_flight() const noexcept { return core_->in_flight(); }
std::uint64_t Client::subscriptions() const noexcept { return core_->subscriptions(); }
ClientStats Client::stats() const { return core_->stats(); }

}  // namespace streamhost::redis
