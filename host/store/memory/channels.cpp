#include "store/memory/channels.hpp"

#include <utility>

#include "store/glob.hpp"
#include "store/validate.hpp"

namespace streamhost::store::memory {
namespace {

constexpr std::uint64_t kNodeBytes = 80;

}  // namespace

Submit MemoryChannels::add(Names& names, Status shape, std::string_view name, ChannelDone done) {
    return core_.run<ChannelAnswer>(shape, std::move(done), [&] {
        if (names.contains(name)) return ChannelAnswer{{Status::kOk, 0}};
        if (!core_.account.fits(kNodeBytes + name.size())) return ChannelAnswer{{Status::kExhausted, 0}};
        names.emplace(name);
        core_.account.add(kNodeBytes + name.size());
        return ChannelAnswer{{Status::kOk, 0}};
    });
}

Submit MemoryChannels::remove(Names& names, Status shape, std::string_view name, ChannelDone done) {
    return core_.run<ChannelAnswer>(shape, std::move(done), [&] {
        if (const auto found = names.find(name); found != names.end()) {
            core_.account.remove(kNodeBytes + name.size());
            names.erase(found);
        }
        return ChannelAnswer{{Status::kOk, 0}};
    });
}

Submit MemoryChannels::subscribe(const HomeRequest& request, ChannelDone done) {
    return add(homes_, check(request), request.home, std::move(done));
}

Submit MemoryChannels::unsubscribe(const HomeRequest& request, ChannelDone done) {
    return remove(homes_, check(request), request.home, std::move(done));
}

Submit MemoryChannels::topic_subscribe(const TopicRequest& request, ChannelDone done) {
    return add(topics_, check(request), request.topic, std::move(done));
}

Submit MemoryChannels::topic_unsubscribe(const TopicRequest& request, ChannelDone done) {
    return remove(topics_, check(request), request.topic, std::move(done));
}

Submit MemoryChannels::pattern_subscribe(const TopicRequest& request, ChannelDone done) {
    return add(patterns_, check(request), request.topic, std::move(done));
}

Submit MemoryChannels::pattern_unsubscribe(const TopicRequest& request, ChannelDone done) {
    return remove(patterns_, check(request), request.topic, std::move(done));
}

Submit MemoryChannels::topic_publish(const TopicPublishRequest& request, ChannelDone done) {
    return core_.run<ChannelAnswer>(check(request), std::move(done), [&] {
        return ChannelAnswer{{Status::kOk, spread(request)}};
    });
}

std::uint64_t MemoryChannels::spread(const TopicPublishRequest& request) {
    std::uint64_t receivers = 0;
    if (topics_.contains(request.topic)) {
        deliver_topic({}, request.topic, request.payload);
        ++receivers;
    }
    for (const std::string& pattern : patterns_) {
        if (!glob_match(pattern, request.topic)) continue;
        deliver_topic(pattern, request.topic, request.payload);
        ++receivers;
    }
    return receivers;
}

void MemoryChannels::deliver_topic(std::string_view pattern, std::string_view topic, const Buffer& payload) {
    core_.deliver([from = std::string(pattern), to = std::string(topic), payload](LiveSink& sink) {
        sink.on_topic(from, to, payload);
    });
}

void MemoryChannels::on_written(std::string_view id, std::vector<Record> records) {
    if (!homes_.contains(home_of(id))) return;
    core_.deliver([stream = std::string(id), kept = std::move(records)](LiveSink& sink) {
        sink.on_records(stream, kept);
    });
}

}  // namespace streamhost::store::memory
