#include "redis/client/live_slot.hpp"

namespace streamhost::redis {

void LiveSlot::prepare() {
    subscriptions_.connected();
    flush();
    if (!is_down() && subscriptions_.is_settled()) become_ready();
}

void LiveSlot::write() {
    for (const std::string& command : subscriptions_.take_commands()) {
        if (connection()->link().send_unanswered(command)) continue;
        // Part of them would be worse than none: the next connection starts with all.
        return close(LinkEnd::kByUs, "too many subscriptions wait for the socket");
    }
}

void LiveSlot::flush() {
    if (is_down()) return;
    write();
    if (!is_down()) connection()->flush();
}

void LiveSlot::on_push(const RespValue& push) {
    if (push.size() < 3) return;
    const std::string_view kind = push[0].text();
    if (kind == "message") {
        port_events_->on_message({}, push[1].text(), push[2].text());
    } else if (kind == "pmessage" && push.size() == 4) {
        port_events_->on_message(push[1].text(), push[2].text(), push[3].text());
    } else {
        const bool is_pattern = kind.starts_with('p');
        const std::string_view word = is_pattern ? kind.substr(1) : kind;
        if (word != "subscribe" && word != "unsubscribe") return;
        subscriptions_.acknowledged(is_pattern ? ListenTo::kPattern : ListenTo::kChannel, push[1].text(),
                                    word == "subscribe");
        if (subscriptions_.is_settled()) become_ready();
        events().on_due();
    }
}

void LiveSlot::on_time(std::int64_t now_ms) {
    subscriptions_.expire(now_ms);
    answer();
}

void LiveSlot::answer() {
    for (Subscriptions::Ended& call : subscriptions_.take_ended())
        call.done({call.end, {}});
}

}  // namespace streamhost::redis
