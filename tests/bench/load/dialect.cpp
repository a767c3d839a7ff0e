#include "dialect.hpp"

#include "failure.hpp"

namespace streamhost::load {
namespace {

// The servers of tests/bench/peers, which do nothing else: the path says the channel, messages are the texts,
// and a publisher names the channel in front of each.
class Plain final : public Dialect {
public:
    explicit Plain(const Place& place) : place_(place) {}

    void aim(Target& target) const override {
        target.path = place_.role == Role::kReader      ? "/sub/" + std::to_string(place_.channel)
                      : place_.role == Role::kPublisher ? "/pub"
                                                        : "/echo";
    }
    void hear(std::string_view message, Heard& heard) override { heard.texts.push_back(message); }
    std::string publish(std::uint64_t channel, std::string_view text) override {
        if (place_.role == Role::kEcho) return std::string(text);
        return std::to_string(channel).append(" ").append(text);
    }

private:
    Place place_;
};

// nginx with nchan: a publisher's connection belongs to one channel, and what comes back on it is how many
// messages and subscribers that has.
class Nchan final : public Dialect {
public:
    Nchan(const Place& place, std::uint64_t channels) : place_(place) {
        if (place.role == Role::kPublisher && place.publishers != channels)
            throw Failure("nchan wants a publisher for each channel");
    }

    void aim(Target& target) const override {
        const char* const location = place_.role == Role::kReader      ? "/sub/"
                                     : place_.role == Role::kPublisher ? "/pub/"
                                                                       : "/echo/";
        target.path = location + std::to_string(place_.channel);
    }
    void hear(std::string_view message, Heard& heard) override {
        if (place_.role != Role::kPublisher) heard.texts.push_back(message);
    }
    std::string publish(std::uint64_t, std::string_view text) override { return std::string(text); }

private:
    Place place_;
};

}  // namespace

const std::vector<std::string>& dialect_names() {
    static const std::vector<std::string> kNames = {"plain", "streamhost", "nchan",
                                                    "nats",  "mqtt",       "socketio"};
    return kNames;
}

std::unique_ptr<Dialect> make_dialect(const std::string& name, const Place& place, Contents& contents) {
    if (name == "streamhost") {
        if (place.role != Role::kEcho) return make_streamhost(place, contents);
        return std::make_unique<Plain>(place);  // the sample plugin, at /echo
    }
    if (name == "nchan") return std::make_unique<Nchan>(place, contents.channels());
    if (name == "nats") return make_nats(place);
    if (name == "mqtt") return make_mqtt(place);
    if (name == "socketio") return make_socketio(place);
    return std::make_unique<Plain>(place);
}

}  // namespace streamhost::load
