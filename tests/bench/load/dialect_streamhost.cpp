// Protocol version 1 of the host itself: hello, a session, and a stream that is read or streams that are
// written. Numbers and checks are held against the model here, texts by the scenario as with everybody else.
#include "dialect.hpp"
#include "failure.hpp"
#include "frames.hpp"
#include "greeted.hpp"

namespace streamhost::load {
namespace {

// One for all connections: they are read one after the other on one thread.
FrameReader& frame_reader() {
    static FrameReader reader;
    return reader;
}

class Guest : public Dialect {
public:
    Guest(const Place& place, Contents& contents)
        : place_(place), contents_(contents), session_("load-" + std::to_string(place.number)) {}

    void aim(Target& target) const override { use_protocol(target); }
    std::string opening() override {
        stage_ = Stage::kHello;
        return hello(session_);
    }

    void hear(std::string_view message, Heard& heard) override {
        if (stage_ == Stage::kGreeted) return said(message, heard);
        const ServerFrame& frame = frame_reader().read(message);
        if (stage_ == Stage::kHello && frame.type == FrameType::kWelcome) {
            stage_ = Stage::kReplay;
        } else if (stage_ == Stage::kReplay && frame.type == FrameType::kCaughtUp &&
                   frame.stream == session_) {
            stage_ = Stage::kGreeted;
            greeted(heard);
        } else if (stage_ == Stage::kHello || frame.stream != session_) {
            fail(message);
        }
    }

protected:
    virtual void greeted(Heard& heard) = 0;
    virtual void said(std::string_view message, Heard& heard) = 0;

    [[noreturn]] void fail(std::string_view message) const {
        throw Failure("session " + session_ + " did not expect " + std::string(message.substr(0, 300)));
    }

    Place place_;
    Contents& contents_;

private:
    enum class Stage : std::uint8_t { kHello = 1, kReplay, kGreeted };
    std::string session_;
    Stage stage_ = Stage::kHello;
};

class Reader final : public Guest {
public:
    Reader(const Place& place, Contents& contents) : Guest(place, contents) {}

    std::string publish(std::uint64_t, std::string_view) override {
        throw Failure("a reader publishes nothing");
    }
    bool resumes() const override { return true; }

private:
    StreamModel& model() { return contents_.model(place_.channel); }

    void greeted(Heard& heard) override {
        const std::string& id = model().id();
        heard.answer = was_ready_ ? subscribe_after(2, id, last_, model().check(last_)) : subscribe(2, id);
    }

    void said(std::string_view message, Heard& heard) override {
        if (const std::uint64_t last = contents_.last_of(message, last_ + 1); last > 0) {
            for (std::uint64_t number = last_ + 1; number <= last; ++number)
                heard.texts.push_back(contents_.text(place_.channel, number));
            last_ = last;
            return;
        }
        const ServerFrame& frame = frame_reader().read(message);
        if (frame.stream != model().id()) fail(message);
        if (frame.type == FrameType::kChunk) {
            chunk(message, frame, heard);
        } else if (frame.type == FrameType::kCaughtUp) {
            was_ready_ = heard.is_ready = true;
        } else if (frame.type != FrameType::kSubscribed) {
            fail(message);
        }
    }

    void chunk(std::string_view message, const ServerFrame& frame, Heard& heard) {
        const std::uint64_t from = frame.from == 0 ? frame.seq : frame.from;
        const std::size_t bytes = model().entry_bytes();
        const bool is_next = from == last_ + 1 && frame.seq >= from;
        if (!is_next || frame.delta.size() != bytes * (frame.seq - last_)) fail(message);
        if (frame.check != model().check(frame.seq)) fail(message);
        for (std::size_t at = 0; at < frame.delta.size(); at += bytes)
            heard.texts.push_back(frame.delta.substr(at, bytes));
        contents_.keep(message, from, frame.seq);
        last_ = frame.seq;
    }

    bool was_ready_ = false;
    std::uint64_t last_ = 0;
};

// Writes every `publishers`th stream; owned ones are claimed first.
class Writer final : public Guest {
public:
    Writer(const Place& place, Contents& contents) : Guest(place, contents), to_claim_(place.channel) {
        const std::uint64_t own =
            (contents.channels() - place.channel + place.publishers - 1) / place.publishers;
        written_.resize(static_cast<std::size_t>(own));
        fences_.resize(written_.size());
    }

    std::string publish(std::uint64_t channel, std::string_view text) override {
        const std::size_t own = index_of(channel);
        return append({.id = channel,
                       .stream = contents_.model(channel).id(),
                       .fence = fences_[own],
                       .seq = ++written_[own],
                       .text = text});
    }

private:
    [[nodiscard]] std::size_t index_of(std::uint64_t channel) const {
        return static_cast<std::size_t>((channel - place_.channel) / place_.publishers);
    }

    // A claim at a time: its answer asks for the next one.
    void greeted(Heard& heard) override {
        if (contents_.owns()) return claim_next(heard);
        heard.is_ready = true;
    }
    void claim_next(Heard& heard) {
        if (to_claim_ >= contents_.channels()) {
            heard.is_ready = true;
            return;
        }
        heard.answer = claim(to_claim_, contents_.model(to_claim_).id());
        to_claim_ += place_.publishers;
    }

    void said(std::string_view message, Heard& heard) override {
        const ServerFrame& frame = frame_reader().read(message);
        const bool is_known =
            frame.id < contents_.channels() && frame.stream == contents_.model(frame.id).id();
        if (!is_known) fail(message);
        if (frame.type == FrameType::kClaimed) {
            if (frame.seq != 0) throw Failure("stream " + std::string(frame.stream) + " was not empty");
            fences_[index_of(frame.id)] = frame.fence;
            claim_next(heard);
        } else if (frame.type != FrameType::kAppended || frame.first != frame.last ||
                   frame.last > written_[index_of(frame.id)] ||
                   frame.check != contents_.model(frame.id).check(frame.last)) {
            fail(message);
        }
    }

    std::uint64_t to_claim_;
    std::vector<std::uint64_t> written_;
    std::vector<std::string> fences_;
};

}  // namespace

std::unique_ptr<Dialect> make_streamhost(const Place& place, Contents& contents) {
    if (place.role == Role::kReader) return std::make_unique<Reader>(place, contents);
    return std::make_unique<Writer>(place, contents);
}

}  // namespace streamhost::load
