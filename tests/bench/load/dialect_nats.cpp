// NATS over WebSocket: lines and payloads, in frames that may end anywhere.
#include <charconv>

#include "dialect.hpp"
#include "failure.hpp"

namespace streamhost::load {
namespace {

std::string subject_of(std::uint64_t channel) { return "channel." + std::to_string(channel); }

class Nats final : public Dialect {
public:
    explicit Nats(const Place& place) : place_(place) {}

    void aim(Target& target) const override { target.path = "/"; }

    std::string opening() override {
        rest_.clear();
        std::string text = "CONNECT {\"verbose\":false,\"pedantic\":false,\"echo\":true}\r\n";
        if (place_.role != Role::kPublisher) text += "SUB " + subject_of(place_.channel) + " 1\r\n";
        return text + "PING\r\n";
    }

    void hear(std::string_view message, Heard& heard) override {
        rest_.erase(0, taken_);
        taken_ = 0;
        if (rest_.empty()) {
            const std::size_t taken = take(message, heard);
            rest_.assign(message.substr(taken));
        } else {
            rest_.append(message);
            taken_ = take(rest_, heard);  // not erased yet: the texts are views of it
        }
    }

    std::string publish(std::uint64_t channel, std::string_view text) override {
        std::string line = "PUB " + subject_of(channel) + " " + std::to_string(text.size()) + "\r\n";
        return line.append(text).append("\r\n");
    }

    bool is_binary() const override { return true; }

private:
    // How many bytes the whole lines and payloads at its start have.
    static std::size_t take(std::string_view bytes, Heard& heard) {
        std::size_t at = 0;
        for (;;) {
            const std::size_t end = bytes.find("\r\n", at);
            if (end == std::string_view::npos) return at;
            const std::string_view line = bytes.substr(at, end - at);
            std::size_t next = end + 2;
            if (line.starts_with("MSG ")) {
                const std::size_t size = payload_size(line);
                if (bytes.size() < next + size + 2) return at;
                heard.texts.push_back(bytes.substr(next, size));
                next += size + 2;
            } else if (line == "PONG") {
                heard.is_ready = true;
            } else if (line == "PING") {
                heard.answer += "PONG\r\n";
            } else if (!line.starts_with("INFO ") && line != "+OK") {
                throw Failure("NATS said " + std::string(line.substr(0, 200)));
            }
            at = next;
        }
    }

    static std::size_t payload_size(std::string_view line) {
        std::size_t size = 0;
        const std::string_view digits = line.substr(line.rfind(' ') + 1);
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size);
        if (error != std::errc() || end != digits.data() + digits.size())
            throw Failure("NATS said " + std::string(line.substr(0, 200)));
        return size;
    }

    Place place_;
    std::string rest_;
    std::size_t taken_ = 0;  // of `rest_`
};

}  // namespace

std::unique_ptr<Dialect> make_nats(const Place& place) { return std::make_unique<Nats>(place); }

}  // namespace streamhost::load
