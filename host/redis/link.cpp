#include "redis/link.hpp"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "redis/command.hpp"
#include "redis/error_code.hpp"

namespace streamhost::redis {

namespace {

// What an error says about the server rather than about the command; kNone: about the command.
LinkEnd end_of(std::string_view error) {
    const std::string_view code = error_code(error);
    if (code == "WRONGPASS" || code == "NOAUTH") return LinkEnd::kPassword;
    if (code == "NOPERM") return LinkEnd::kRight;
    if (code == "READONLY") return LinkEnd::kNotMaster;
    if (code == "LOADING" || code == "MASTERDOWN") return LinkEnd::kLoading;
    return LinkEnd::kNone;
}

// By the numbers of both, as far as the second one goes: "6.0.16" is older than "6.2". What is no version is
// not old.
bool is_older(std::string_view version, std::string_view than) {
    const auto next = [](std::string_view& text) {
        unsigned number = 0;
        const auto stop = std::from_chars(text.data(), text.data() + text.size(), number).ptr;
        text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
        if (!text.empty()) text.remove_prefix(1);
        return number;
    };
    while (!version.empty() && !than.empty()) {
        const unsigned ours = next(version);
        const unsigned theirs = next(than);
        if (ours != theirs) return ours < theirs;
    }
    return false;
}

}  // namespace

std::string_view describe(LinkEnd end) noexcept {
    switch (end) {
    case LinkEnd::kNone: return "none";
    case LinkEnd::kByUs: return "closed here";
    case LinkEnd::kByPeer: return "closed by the server or the network";
    case LinkEnd::kTimeout: return "no answer in time";
    case LinkEnd::kGarbage: return "what came is no answer of a Redis server";
    case LinkEnd::kPassword: return "the server refused the user or the password";
    case LinkEnd::kRight: return "a right is missing";
    case LinkEnd::kDatabase: return "the server refused the database";
    case LinkEnd::kNotMaster: return "the server is not the master";
    case LinkEnd::kLoading: return "the server is still loading its data";
    case LinkEnd::kTooOld: return "the server is too old: Redis 6.2 or later is needed";
    case LinkEnd::kRefused: return "the server refused a command";
    case LinkEnd::kTls: return "no TLS with this server";
    }
    return "unknown";
}

std::string_view name_of(LinkEnd end) noexcept {
    switch (end) {
    case LinkEnd::kNone: return "none";
    case LinkEnd::kByUs: return "us";
    case LinkEnd::kByPeer: return "peer";
    case LinkEnd::kTimeout: return "timeout";
    case LinkEnd::kGarbage: return "garbage";
    case LinkEnd::kPassword: return "password";
    case LinkEnd::kRight: return "right";
    case LinkEnd::kDatabase: return "database";
    case LinkEnd::kNotMaster: return "not_master";
    case LinkEnd::kLoading: return "loading";
    case LinkEnd::kTooOld: return "too_old";
    case LinkEnd::kRefused: return "refused";
    case LinkEnd::kTls: return "tls";
    }
    return "unknown";
}

void Link::open(std::int64_t now_ms) {
    if (state_ != LinkState::kClosed) return;
    reader_ = RespReader();
    out_.clear();
    sent_ = 0;
    queued_total_ = sent_total_ = 0;
    ended_ = LinkEnd::kNone;
    detail_.clear();
    version_.clear();
    client_id_ = 0;
    state_ = LinkState::kGreeting;
    greeting_deadline_ms_ = now_ms + options_.greeting_ms;

    std::vector<std::string_view> hello = {"HELLO", "3"};
    if (!options_.password.empty()) {
        const std::string_view user =
            options_.username.empty() ? "default" : std::string_view(options_.username);
        hello.insert(hello.end(), {"AUTH", user, options_.password});
    }
    if (!options_.client_name.empty()) hello.insert(hello.end(), {"SETNAME", options_.client_name});
    std::string command;
    CommandWriter writer(command, static_cast<std::uint32_t>(hello.size()));
    for (const std::string_view word : hello)
        writer.word(word);
    greet(std::exchange(command, {}), [this](const LinkReply& reply) { check_server(reply); });
    if (options_.database != 0) {
        write_command(command, "SELECT", options_.database);
        greet(std::exchange(command, {}),
              [this](const LinkReply& reply) { (void)is_fine(reply, LinkEnd::kDatabase); });
    }
    write_command(command, "ROLE");
    greet(command, [this](const LinkReply& reply) { check_role(reply); });
}

void Link::greet(std::string_view command, LinkDone done) {
    enqueue(command, greeting_deadline_ms_, std::move(done));
}

bool Link::is_fine(const LinkReply& reply, LinkEnd otherwise) {
    if (reply.answer != LinkAnswer::kReply || state_ != LinkState::kGreeting) return false;
    if (!reply.value.is(RespType::kError)) return true;
    refuse(reply.value.text(), otherwise);
    return false;
}

void Link::check_server(const LinkReply& reply) {
    const bool is_unknown = reply.value.is(RespType::kError) &&
                            reply.value.text().find("unknown command") != std::string_view::npos;
    if (!is_fine(reply, is_unknown ? LinkEnd::kTooOld : LinkEnd::kRefused)) return;
    for (std::uint32_t at = 0; at + 1 < reply.value.size(); at += 2) {
        if (reply.value[at].text() == "version") version_ = reply.value[at + 1].text();
        if (reply.value[at].text() == "id") client_id_ = reply.value[at + 1].integer();
    }
    if (is_older(version_, kOldestServer)) close(LinkEnd::kTooOld, version_);
}

void Link::check_role(const LinkReply& reply) {
    if (!is_fine(reply, LinkEnd::kRefused)) return;
    const std::string_view role = reply.value[0].text();
    if (options_.wants_master && role != "master") return close(LinkEnd::kNotMaster, role);
    become(LinkState::kReady);
}

void Link::become(LinkState state) {
    state_ = state;
    if (on_change) on_change();
}

bool Link::has_room(std::size_t size) const noexcept {
    return state_ == LinkState::kReady && out_.size() - sent_ + size <= options_.max_bytes;
}

bool Link::send(std::string_view command, std::int64_t deadline_ms, LinkDone done) {
    if (!has_room(command.size()) || waiting_.size() >= options_.max_commands) return false;
    enqueue(command, deadline_ms, std::move(done));
    return true;
}

bool Link::send_unanswered(std::string_view command) {
    if (!has_room(command.size())) return false;
    put(command);
    return true;
}

void Link::enqueue(std::string_view command, std::int64_t deadline_ms, LinkDone done) {
    waiting_.push_back({queued_total_, deadline_ms, std::move(done)});
    earliest_ms_ = std::min(earliest_ms_, deadline_ms);
    put(command);
}

void Link::put(std::string_view command) {
    out_ += command;
    queued_total_ += command.size();
}

void Link::sent(std::size_t size) {
    sent_ += size;
    sent_total_ += size;
    if (sent_ == out_.size()) {
        out_.clear();
        sent_ = 0;
    } else if (sent_ > out_.size() / 2) {
        out_.erase(0, sent_);  // at most each byte once more
        sent_ = 0;
    }
}

void Link::received(std::size_t size) {
    reader_.fed(size);
    while (state_ != LinkState::kClosed && reader_.next()) {
        ++values_;
        take(reader_.value());
    }
    if (state_ != LinkState::kClosed && reader_.fault() != RespFault::kNone)
        close(LinkEnd::kGarbage, describe(reader_.fault()));
}

void Link::take(const RespValue& value) {
    if (value.is(RespType::kPush)) {
        if (on_push) on_push(value);
        return;
    }
    const LinkEnd said = value.is(RespType::kError) ? end_of(value.text()) : LinkEnd::kNone;
    if (waiting_.empty()) {
        // Commands that are answered out of band are refused in band.
        if (value.is(RespType::kError)) return refuse(value.text());
        return close(LinkEnd::kGarbage, "an answer that nobody asked for");
    }
    LinkDone done = std::move(waiting_.front().done);
    waiting_.pop_front();
    if (waiting_.empty()) earliest_ms_ = kNever;
    const bool is_about_the_command = said == LinkEnd::kNone || error_code(value.text()) == "NOPERM";
    done({LinkAnswer::kReply, value});
    // Whoever asked heard it; the others would hear the same.
    if (!is_about_the_command && state_ == LinkState::kReady) close(said, value.text());
}

void Link::tick(std::int64_t now_ms) {
    if (state_ == LinkState::kClosed || now_ms < earliest_ms_) return;
    earliest_ms_ = kNever;
    for (const Waiting& command : waiting_)
        earliest_ms_ = std::min(earliest_ms_, command.deadline_ms);
    if (now_ms >= earliest_ms_) close(LinkEnd::kTimeout);
}

void Link::refuse(std::string_view error, LinkEnd otherwise) {
    const LinkEnd said = end_of(error);
    close(said == LinkEnd::kNone ? otherwise : said, error);
}

void Link::close(LinkEnd why, std::string_view detail) {
    if (state_ == LinkState::kClosed) return;
    ended_ = why;
    detail_ = detail;
    earliest_ms_ = kNever;
    state_ = LinkState::kClosed;
    const std::uint64_t left = sent_total_;  // a `done` may open the connection again
    for (Waiting& command : std::exchange(waiting_, {}))
        command.done({command.begins_at >= left ? LinkAnswer::kUnsent : LinkAnswer::kUnknown, {}});
    if (on_change) on_change();
}

}  // namespace streamhost::redis
