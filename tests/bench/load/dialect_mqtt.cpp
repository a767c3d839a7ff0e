// MQTT 3.1.1 with QoS 0 over WebSocket: packets in frames that may end anywhere.
#include "dialect.hpp"
#include "failure.hpp"

namespace streamhost::load {
namespace {

enum Packet : unsigned char {
    kConnect = 0x10,
    kConnack = 0x20,
    kPublish = 0x30,
    kSubscribe = 0x82,
    kSuback = 0x90
};

std::string topic_of(std::uint64_t channel) { return "channel/" + std::to_string(channel); }

void append_string(std::string& out, std::string_view text) {
    out += static_cast<char>(text.size() >> 8);
    out += static_cast<char>(text.size() & 0xff);
    out.append(text);
}

std::string packet(Packet type, std::string_view body) {
    std::string out(1, static_cast<char>(type));
    std::size_t size = body.size();
    do {
        const std::size_t low = size % 128;
        size /= 128;
        out += static_cast<char>(size > 0 ? low | 128 : low);
    } while (size > 0);
    return out.append(body);
}

class Mqtt final : public Dialect {
public:
    explicit Mqtt(const Place& place) : place_(place) {}

    void aim(Target& target) const override {
        target.path = "/mqtt";
        target.subprotocol = "mqtt";
    }

    std::string opening() override {
        rest_.clear();
        taken_ = 0;
        std::string body;
        append_string(body, "MQTT");
        body += '\x04';                     // 3.1.1
        body += '\x02';                     // a clean session
        body.append(std::size_t{2}, '\0');  // no keep-alive
        append_string(body, "load-" + std::to_string(place_.number));
        return packet(kConnect, body);
    }

    void hear(std::string_view message, Heard& heard) override {
        rest_.erase(0, taken_);
        rest_.append(message);
        taken_ = 0;
        while (const std::size_t size = take(std::string_view(rest_).substr(taken_), heard))
            taken_ += size;
    }

    std::string publish(std::uint64_t channel, std::string_view text) override {
        std::string body;
        append_string(body, topic_of(channel));
        return packet(kPublish, body.append(text));
    }

    bool is_binary() const override { return true; }

private:
    // One packet: how many bytes it has, 0 while it is incomplete.
    std::size_t take(std::string_view bytes, Heard& heard) {
        std::size_t size = 0;
        std::size_t head = 1;
        for (unsigned shift = 0;; shift += 7) {
            if (head >= bytes.size()) return 0;
            const auto byte = static_cast<unsigned char>(bytes[head++]);
            size |= static_cast<std::size_t>(byte & 127u) << shift;
            if ((byte & 128u) == 0) break;
            if (shift == 21) throw Failure("MQTT: a length without an end");
        }
        if (bytes.size() < head + size) return 0;
        handle(static_cast<unsigned char>(bytes[0]), bytes.substr(head, size), heard);
        return head + size;
    }

    void handle(unsigned char type, std::string_view body, Heard& heard) {
        if (type == kPublish && body.size() >= 2) {
            const std::size_t topic = static_cast<std::size_t>(static_cast<unsigned char>(body[0])) << 8 |
                                      static_cast<unsigned char>(body[1]);
            if (body.size() >= 2 + topic) return heard.texts.push_back(body.substr(2 + topic));
        }
        if (type == kConnack && body.size() == 2 && body[1] == 0) {
            if (place_.role == Role::kPublisher) heard.is_ready = true;
            if (place_.role != Role::kPublisher) heard.answer += subscription();
            return;
        }
        if (type == kSuback && body.size() == 3 && body[2] == 0) {
            heard.is_ready = true;
            return;
        }
        throw Failure("MQTT: a packet of the kind " + std::to_string(type));
    }

    std::string subscription() const {
        std::string body("\x00\x01", 2);
        append_string(body, topic_of(place_.channel));
        body += '\0';  // QoS 0
        return packet(kSubscribe, body);
    }

    Place place_;
    std::string rest_;
    std::size_t taken_ = 0;
};

}  // namespace

std::unique_ptr<Dialect> make_mqtt(const Place& place) { return std::make_unique<Mqtt>(place); }

}  // namespace streamhost::load
