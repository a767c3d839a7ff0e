#include "spoken.hpp"

#include <algorithm>
#include <charconv>
#include <random>

#include "text.hpp"

namespace streamhost::load {

Target Spoken::target_of(std::uint32_t index) const {
    Target target = Crowd::target_of(index);
    dialects_[index]->aim(target);
    return target;
}

void Spoken::say(std::uint32_t index, std::string_view text) {
    if (dialects_[index]->is_binary())
        at(index).send_binary(text);
    else
        at(index).send_text(text);
}

void Spoken::publish(std::uint32_t index, std::uint64_t channel, std::string_view text) {
    say(index, dialects_[index]->publish(channel, text));
}

void Spoken::opened(Connection& connection) {
    const std::uint32_t index = index_of(connection);
    is_ready_[index] = false;
    if (const std::string text = dialects_[index]->opening(); !text.empty()) return say(index, text);
    connection.ping();
}

void Spoken::message(Connection& connection, std::string_view text) {
    const std::uint32_t index = index_of(connection);
    heard_.clear();
    dialects_[index]->hear(text, heard_);
    if (!heard_.answer.empty()) say(index, heard_.answer);
    if (!heard_.texts.empty()) heard(connection, heard_.texts);
    if (heard_.is_ready) became_ready(connection);
}

void Spoken::heard(Connection& connection, const std::vector<std::string_view>& texts) {
    Crowd::message(connection, texts.front());
}

void Spoken::pong(Connection& connection) {
    if (!is_ready_[index_of(connection)]) return became_ready(connection);
    ++pongs_;
}

void Spoken::became_ready(Connection& connection) {
    is_ready_[index_of(connection)] = true;
    set_up(connection);
}

void Spoken::ping_all() {
    pongs_ = 0;
    for (std::uint32_t index = 0; index < size(); ++index)
        at(index).ping();
    wait_for(
        loop(), 20, [this] { return pongs_ == size(); },
        [this] { return std::to_string(size() - pongs_) + " pongs are missing"; });
}

SpokenReaders::SpokenReaders(Setting& setting, const std::string& dialect, Contents& contents,
                             std::uint32_t per_channel)
    : SpokenReaders(setting, dialect, contents, per_channel, 0,
                    static_cast<std::uint32_t>(contents.channels()) * per_channel) {}

SpokenReaders::SpokenReaders(Setting& setting, const std::string& dialect, Contents& contents,
                             std::uint32_t per_channel, std::uint32_t first_number, std::uint32_t count)
    : Spoken(setting, count, first_number),
      contents_(contents),
      per_channel_(per_channel),
      first_number_(first_number),
      last_(size()),
      may_skip_(size()) {
    for (std::uint32_t index = 0; index < size(); ++index)
        add(make_dialect(
            dialect, {.role = Role::kReader, .number = first_number + index, .channel = channel_of(index)},
            contents));
}

void SpokenReaders::heard(Connection& connection, const std::vector<std::string_view>& texts) {
    const std::uint32_t index = index_of(connection);
    for (const std::string_view text : texts) {
        if (may_skip_[index]) skip_to(index, text);
        const std::uint64_t number = last_[index] + 1;
        if (text != contents_.text(channel_of(index), number))
            throw Failure("reader " + std::to_string(index) + ": message " + std::to_string(number) + " is " +
                          std::string(text.substr(0, 200)));
        last_[index] = number;
        if (received_) received_(index, number, connection.read_ns());
    }
}

// The first message after a loss may be any later one; its text says which.
void SpokenReaders::skip_to(std::uint32_t index, std::string_view text) {
    may_skip_[index] = false;
    std::uint64_t number = 0;
    const std::string_view digits = text.substr(std::min<std::size_t>(text.size(), 11), 10);
    (void)std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (number <= last_[index]) return;  // heard() says what is wrong with it
    skipped_ += number - last_[index] - 1;
    last_[index] = number - 1;
}

void SpokenReaders::set_up(Connection& connection) {
    if (dropped_ns_ == 0) return ready(connection);
    come_back_.record(connection.read_ns() - dropped_ns_);
    ++back_;
}

bool SpokenReaders::lost(Connection& connection, std::string_view) {
    constexpr std::int64_t kRetryNs = kSecond / 5;
    if (dropped_ns_ == 0) return false;
    ++failed_attempts_;
    to_open_.emplace_back(now_ns() + kRetryNs, index_of(connection));
    std::sort(to_open_.rbegin(), to_open_.rend());
    return true;
}

void SpokenReaders::drop_all(std::int64_t jitter_ns, const Turn& turn) {
    std::mt19937_64 random(20'000);
    abort_all();
    dropped_ns_ = now_ns();
    for (std::uint32_t index = 0; index < size(); ++index) {
        may_skip_[index] = !dialect(index).resumes();
        const auto share = static_cast<double>(random() >> 11) * 0x1p-53;
        to_open_.emplace_back(dropped_ns_ + static_cast<std::int64_t>(share * static_cast<double>(jitter_ns)),
                              index);
    }
    std::sort(to_open_.rbegin(), to_open_.rend());
    const std::int64_t until_ns = dropped_ns_ + 60 * kSecond;
    while (back_ < size()) {
        const std::int64_t now = now_ns();
        if (now > until_ns) throw Failure(std::to_string(size() - back_) + " readers did not come back");
        for (; !to_open_.empty() && to_open_.back().first <= now; to_open_.pop_back()) {
            const std::uint32_t index = to_open_.back().second;
            at(index).open(target_of(index));
        }
        turn(to_open_.empty() ? until_ns : to_open_.back().first);
    }
}

SpokenPublishers::SpokenPublishers(Setting& setting, const std::string& dialect, Contents& contents,
                                   std::uint32_t count, std::uint32_t first_number)
    : Spoken(setting, count, first_number), contents_(contents), published_(contents.channels()) {
    for (std::uint32_t index = 0; index < count; ++index)
        add(make_dialect(
            dialect,
            {.role = Role::kPublisher, .number = first_number + index, .channel = index, .publishers = count},
            contents));
}

void SpokenPublishers::publish_next(std::uint64_t channel) {
    const std::uint64_t number = ++published_[static_cast<std::size_t>(channel)];
    publish(static_cast<std::uint32_t>(channel % size()), channel, contents_.text(channel, number));
}

}  // namespace streamhost::load
