#include "redis/client/slot.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "redis/command.hpp"

namespace streamhost::redis {

namespace {

// Of INFO's text: the value behind "name:".
std::string_view info_field(std::string_view info, std::string_view name) {
    while (!info.empty()) {
        const std::size_t end = std::min(info.find("\r\n"), info.size());
        const std::string_view line = info.substr(0, end);
        if (line.size() > name.size() && line.starts_with(name) && line[name.size()] == ':')
            return line.substr(name.size() + 1);
        info.remove_prefix(std::min(end + 2, info.size()));
    }
    return {};
}

// 0 for what is not there, or no number.
std::uint64_t number_of(std::string_view info, std::string_view name) {
    const std::string_view text = info_field(info, name);
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

}  // namespace

void Slot::connect(const Endpoints& endpoints, const std::string& host) {
    if (!is_down()) return;
    identity_ = {};
    server_ = {};
    connection_ = std::make_unique<Connection>(loop_, options_);
    connection_->on_ready = [this] { identify(); };
    connection_->on_end = [this] { lost(); };
    connection_->on_progress = [this] { events_.on_due(); };
    connection_->link().on_push = [this](const RespValue& push) { on_push(push); };
    connection_->open(endpoints, host);
}

void Slot::close(LinkEnd why, std::string_view detail) {
    if (connection_) connection_->close(why, detail);
}

void Slot::tick(std::int64_t now_ms) {
    if (connection_) connection_->tick(now_ms);
    on_time(now_ms);
}

bool Slot::send(std::string_view command, LinkDone done) {
    return connection_ && connection_->link().send(command, INT64_MAX, std::move(done));
}

void Slot::identify() {
    version_ = connection_->link().version();
    std::string command;
    write_command(command, "INFO", "server");
    (void)send(command, [this](const LinkReply& reply) { read_info(reply); });
    command.clear();
    write_command(command, "INFO", "replication");
    (void)send(command, [this](const LinkReply& reply) {
        read_info(reply);
        if (reply.answer != LinkAnswer::kReply || is_down()) return;
        events_.on_identified(*this);
        if (!is_down()) prepare();
    });
    connection_->flush();
}

void Slot::read_info(const LinkReply& reply) {
    if (reply.answer != LinkAnswer::kReply) return;
    if (reply.value.is(RespType::kError)) {
        events_.on_trouble(ReportLevel::kWarning, "info",
                           "this user may not run INFO, so a server that was replaced is not noticed: " +
                               std::string(reply.value.text()));
        return;
    }
    const std::string_view info = reply.value.text();
    if (const auto run_id = info_field(info, "run_id"); !run_id.empty()) identity_.run_id = run_id;
    if (const auto replid = info_field(info, "master_replid"); !replid.empty()) identity_.replid = replid;
}

void Slot::ask_server() {
    ask_info("replication", [](std::string_view info, ServerState& into) {
        into.replicas = number_of(info, "connected_slaves");
    });
    ask_info("memory", [](std::string_view info, ServerState& into) {
        into.used_bytes = number_of(info, "used_memory");
        into.max_bytes = number_of(info, "maxmemory");
    });
    connection_->flush();
}

// An error is the user's rights, which identify() told already, or passes.
void Slot::ask_info(std::string_view section, void (*read)(std::string_view, ServerState&)) {
    std::string command;
    write_command(command, "INFO", section);
    (void)send(command, [this, read](const LinkReply& reply) {
        if (reply.answer != LinkAnswer::kReply || reply.value.is(RespType::kError)) return;
        read(reply.value.text(), server_);
    });
}

void Slot::become_ready() {
    if (is_ready()) return;
    ready_since_ms_ = now();
    events_.on_ready(*this);
    events_.on_due();
}

void Slot::lost() {
    on_down();
    const std::int64_t since = std::exchange(ready_since_ms_, -1);
    Connection& connection = *connection_;
    events_.bury(std::move(connection_));
    events_.on_lost(*this, connection.end(), connection.detail(), since < 0 ? -1 : now() - since);
}

}  // namespace streamhost::redis
