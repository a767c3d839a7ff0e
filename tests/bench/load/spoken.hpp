#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "contents.hpp"
#include "crowd.hpp"
#include "dialect.hpp"
#include "run.hpp"

namespace streamhost::load {

// Connections to a server of any kind, each with a dialect of its own.
class Spoken : public Crowd {
public:
    void publish(std::uint32_t index, std::uint64_t channel, std::string_view text);
    // Each one is still there and is answered.
    void ping_all();

protected:
    Spoken(Setting& setting, std::uint32_t count, std::uint32_t first_number)
        : Crowd(setting.loop, setting.target, count, first_number), is_ready_(count) {}
    ~Spoken() = default;
    void add(std::unique_ptr<Dialect> dialect) { dialects_.push_back(std::move(dialect)); }
    [[nodiscard]] Dialect& dialect(std::uint32_t index) { return *dialects_[index]; }
    [[nodiscard]] Target target_of(std::uint32_t index) const override;
    virtual void heard(Connection& connection, const std::vector<std::string_view>& texts);
    virtual void set_up(Connection& connection) { ready(connection); }
    void opened(Connection& connection) override;

private:
    void message(Connection& connection, std::string_view text) final;
    void pong(Connection& connection) final;
    void say(std::uint32_t index, std::string_view text);
    void became_ready(Connection& connection);

    std::vector<std::unique_ptr<Dialect>> dialects_;
    std::vector<bool> is_ready_;
    Heard heard_;
    std::uint32_t pongs_ = 0;
};

// Who listens. Messages of a channel are numbered from 1; each reader must get each of them once, in order,
// with its text.
class SpokenReaders final : public Spoken {
public:
    using Received = std::function<void(std::uint32_t reader, std::uint64_t number, std::int64_t read_ns)>;

    // Of all channels, or of those from the number of the first one on.
    SpokenReaders(Setting& setting, const std::string& dialect, Contents& contents,
                  std::uint32_t per_channel);
    SpokenReaders(Setting& setting, const std::string& dialect, Contents& contents, std::uint32_t per_channel,
                  std::uint32_t first_number, std::uint32_t count);

    void on_received(Received received) { received_ = std::move(received); }
    [[nodiscard]] std::uint64_t channel_of(std::uint32_t index) const noexcept {
        return (first_number_ + index) / per_channel_;
    }
    [[nodiscard]] std::uint64_t last(std::uint32_t index) const noexcept { return last_[index]; }

    // Loses every connection, and opens each again after a time of its own within `jitter_ns`. Returns when
    // all are ready; meanwhile `turn` is called for the next turn of the loop, until at most the time given.
    using Turn = std::function<void(std::int64_t until_ns)>;
    void drop_all(std::int64_t jitter_ns, const Turn& turn);
    [[nodiscard]] const Histogram& come_back() const noexcept { return come_back_; }
    [[nodiscard]] std::uint64_t failed_attempts() const noexcept { return failed_attempts_; }
    // Published while a reader was away, where the server does not resume.
    [[nodiscard]] std::uint64_t skipped() const noexcept { return skipped_; }

private:
    void heard(Connection& connection, const std::vector<std::string_view>& texts) override;
    void set_up(Connection& connection) override;
    bool lost(Connection& connection, std::string_view what) override;
    void skip_to(std::uint32_t index, std::string_view text);

    Contents& contents_;
    std::uint32_t per_channel_;
    std::uint32_t first_number_;
    std::vector<std::uint64_t> last_;
    Received received_;
    std::vector<bool> may_skip_;
    std::vector<std::pair<std::int64_t, std::uint32_t>> to_open_;  // when, who; the next one at the end
    std::int64_t dropped_ns_ = 0;                                  // 0: nobody was dropped
    std::uint32_t back_ = 0;
    Histogram come_back_;
    std::uint64_t failed_attempts_ = 0;
    std::uint64_t skipped_ = 0;
};

// Who publishes: channel c over connection c mod size().
class SpokenPublishers final : public Spoken {
public:
    SpokenPublishers(Setting& setting, const std::string& dialect, Contents& contents, std::uint32_t count,
                     std::uint32_t first_number);
    void publish_next(std::uint64_t channel);

private:
    Contents& contents_;
    std::vector<std::uint64_t> published_;  // by channel
};

}  // namespace streamhost::load
