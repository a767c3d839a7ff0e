#include "redis/client/subscriptions.hpp"

#include <algorithm>
#include <array>

#include "redis/command.hpp"

namespace streamhost::redis {

bool Subscriptions::listen(ListenTo kind, std::string_view name, std::int64_t deadline_ms, CallDone done) {
    Key key(kind, name);
    auto at = names_.find(key);
    if (at == names_.end()) {
        if (names_.size() >= options_.max_names) return false;
        at = names_.emplace(std::move(key), Name()).first;
    }
    want(at, true, deadline_ms, std::move(done));
    return true;
}

bool Subscriptions::unlisten(ListenTo kind, std::string_view name, std::int64_t deadline_ms, CallDone done) {
    const auto at = names_.find(Key(kind, name));
    if (at == names_.end())
        ended_.push_back({std::move(done), CallEnd::kReply});
    else
        want(at, false, deadline_ms, std::move(done));
    return true;
}

void Subscriptions::want(Names::iterator at, bool is_wanted, std::int64_t deadline_ms, CallDone done) {
    at->second.is_wanted = is_wanted;
    at->second.waits.push_back({deadline_ms, is_wanted, std::move(done)});
    ++waiting_;
    earliest_ms_ = std::min(earliest_ms_, deadline_ms);
    review(at);
}

void Subscriptions::answer(Name& name, bool is_listen) {
    for (Wait& wait : name.waits)
        if (wait.is_listen == is_listen) ended_.push_back({std::move(wait.done), CallEnd::kReply});
    waiting_ -= std::erase_if(name.waits, [&](const Wait& wait) { return wait.is_listen == is_listen; });
}

// What follows from the state of a name, unless the server is about to tell more.
void Subscriptions::review(Names::iterator at) {
    Name& name = at->second;
    if (name.is_underway) return;
    if (name.is_wanted != name.is_there) {
        if (is_connected_) changed_.push_back(at->first);
        return;
    }
    answer(name, true);
    answer(name, false);
    if (name.is_wanted) return;
    if (name.is_unsettled) --unsettled_;
    names_.erase(at);
}

void Subscriptions::connected() {
    disconnected();
    is_connected_ = true;
    for (auto& [key, name] : names_) {
        name.is_unsettled = true;
        changed_.push_back(key);
    }
    unsettled_ = names_.size();
}

void Subscriptions::disconnected() {
    is_connected_ = false;
    unsettled_ = 0;
    changed_.clear();
    for (auto at = names_.begin(); at != names_.end();) {
        const auto next = std::next(at);
        Name& name = at->second;
        name.is_there = name.is_underway = name.is_unsettled = false;
        answer(name, false);  // nothing comes through a connection that is gone
        review(at);
        at = next;
    }
}

std::vector<std::string> Subscriptions::take_commands() {
    std::vector<std::string> commands;
    if (changed_.empty()) return commands;
    std::array<std::vector<std::string_view>, 4> groups;  // by kind, and by what is to be done
    const std::vector<Key> changed = std::exchange(changed_, {});
    for (const Key& key : changed) {
        const auto at = names_.find(key);
        if (at == names_.end() || at->second.is_underway || at->second.is_wanted == at->second.is_there)
            continue;
        at->second.is_underway = true;
        groups[(key.first == ListenTo::kPattern ? 2U : 0U) + (at->second.is_wanted ? 1U : 0U)].push_back(
            key.second);
    }
    constexpr std::array<std::string_view, 4> kWords = {"UNSUBSCRIBE", "SUBSCRIBE", "PUNSUBSCRIBE",
                                                        "PSUBSCRIBE"};
    for (std::size_t group = 0; group < groups.size(); ++group) {
        const auto& names = groups[group];
        for (std::size_t from = 0; from < names.size(); from += options_.names_per_command) {
            const std::size_t count = std::min(options_.names_per_command, names.size() - from);
            CommandWriter writer(commands.emplace_back(), static_cast<std::uint32_t>(count + 1));
            writer.word(kWords[group]);
            for (std::size_t index = from; index < from + count; ++index)
                writer.word(names[index]);
        }
    }
    return commands;
}

void Subscriptions::acknowledged(ListenTo kind, std::string_view text, bool is_subscribed) {
    const auto at = names_.find(Key(kind, text));
    if (at == names_.end()) return;
    Name& name = at->second;
    name.is_underway = false;
    name.is_there = is_subscribed;
    if (std::exchange(name.is_unsettled, false)) --unsettled_;
    answer(name, is_subscribed);
    review(at);
}

void Subscriptions::expire(std::int64_t now_ms) {
    if (now_ms < earliest_ms_) return;
    earliest_ms_ = INT64_MAX;
    for (auto at = names_.begin(); at != names_.end();) {
        const auto next = std::next(at);
        Name& name = at->second;
        bool listens = false;
        std::size_t expired = 0;
        for (Wait& wait : name.waits) {
            if (wait.deadline_ms > now_ms) {
                earliest_ms_ = std::min(earliest_ms_, wait.deadline_ms);
                listens |= wait.is_listen;
                continue;
            }
            ended_.push_back(
                {std::move(wait.done), name.is_underway ? CallEnd::kTimeout : CallEnd::kUnavailable});
            ++expired;
        }
        if (expired > 0) {
            waiting_ -= expired;
            std::erase_if(name.waits, [&](const Wait& wait) { return wait.deadline_ms <= now_ms; });
            // Whoever was not told "yes" does not listen.
            if (name.is_wanted && !name.is_there && !listens) name.is_wanted = false;
            review(at);
        }
        at = next;
    }
}

std::vector<Subscriptions::Ended> Subscriptions::take_all() {
    std::vector<Ended> all = take_ended();
    for (auto& [key, name] : names_)
        for (Wait& wait : name.waits)
            all.push_back({std::move(wait.done), CallEnd::kClosed});
    names_.clear();
    changed_.clear();
    waiting_ = unsettled_ = 0;
    return all;
}

}  // namespace streamhost::redis
