#include "sim/wire.hpp"

#include <charconv>
#include <stdexcept>
#include <vector>

#include "redis/command.hpp"
#include "redis/driver/keys.hpp"
#include "redis/driver/lua_scripts.hpp"
#include "redis/driver/records.hpp"
#include "store/chain.hpp"

namespace streamhost::sim {

namespace {

using Kind = Command::Kind;
using redis::append_head;
using redis::append_word;

constexpr std::string_view kMeta = "streamhost:stream:meta:";

std::uint64_t number_in(std::string_view text, int base = 10) {
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number, base);
    return number;
}

// An array of texts.
std::vector<std::string_view> words_of(std::string_view resp) {
    std::vector<std::string_view> words;
    const auto line = [&resp] {
        const std::size_t end = resp.find("\r\n");
        const std::string_view text = resp.substr(1, end - 1);
        resp.remove_prefix(end + 2);
        return number_in(text);
    };
    for (std::uint64_t left = line(); left > 0; --left) {
        const std::uint64_t size = line();
        words.push_back(resp.substr(0, size));
        resp.remove_prefix(size + 2);
    }
    return words;
}

std::string_view cut(std::string_view& text) {
    const std::size_t mark = text.find('|');
    const std::string_view field = text.substr(0, mark);
    text.remove_prefix(mark == std::string_view::npos ? text.size() : mark + 1);
    return field;
}

// "seq|prev|check|fence|type|" and "|data"
Entry entry_of(std::string_view head, std::string_view rest) {
    Entry entry;
    entry.seq = number_in(cut(head));
    entry.prev = number_in(cut(head), 16);
    entry.check = number_in(cut(head), 16);
    entry.fence = number_in(cut(head));
    entry.type = static_cast<unsigned char>(cut(head).front());
    entry.data = rest.substr(1);
    return entry;
}

class Arguments {
public:
    Arguments(const std::vector<std::string_view>& words, std::size_t first) : words_(words), first_(first) {}
    [[nodiscard]] std::string_view text(std::size_t at) const { return words_.at(first_ + at); }
    [[nodiscard]] std::uint64_t number(std::size_t at) const { return number_in(text(at)); }
    [[nodiscard]] bool has(std::size_t at) const { return first_ + at < words_.size(); }

private:
    const std::vector<std::string_view>& words_;
    std::size_t first_;
};

Command append_of(const Arguments& args) {
    Command command{Kind::kAppend};
    command.fence = args.number(2);
    command.pid = args.number(3);
    command.state = args.text(9).front();
    command.lease_ms = static_cast<std::int64_t>(args.number(10));
    for (std::size_t at = 15; args.has(at); at += 2) {
        command.records.push_back(entry_of(args.text(at), args.text(at + 1)));
        command.records.back().writer = command.pid;
    }
    return command;
}

Command publish_of(const Arguments& args) {
    Command command{Kind::kPublish};
    command.key = args.text(1);
    std::string_view floor = args.text(9);
    if (floor.starts_with('=') || floor.starts_with('?')) {
        command.is_question = floor.front() == '?';
        floor.remove_prefix(1);
        command.known_as.seq = number_in(cut(floor));
        command.known_as.check = number_in(floor, 16);
    } else {
        command.from = number_in(floor);
    }
    for (std::size_t at = 10; args.has(at); at += 2) {
        Entry& entry = command.records.emplace_back();
        entry.type = static_cast<unsigned char>(args.text(at).front());
        entry.data = args.text(at + 1);
    }
    return command;
}

Command script_of(std::string_view sha1, const Arguments& args) {
    namespace lua = redis::lua;
    Command command;
    if (sha1 == lua::kTail.sha1) return command;
    if (sha1 == lua::kAppend.sha1) return append_of(args);
    if (sha1 == lua::kPublish.sha1) return publish_of(args);
    if (sha1 == lua::kRead.sha1) {
        command.kind = Kind::kRead;
        command.from = args.number(0);
        command.most = args.number(1);
    } else if (sha1 == lua::kClaim.sha1) {
        command.kind = Kind::kClaim;
        command.pid = args.number(1);
        command.lease_ms = static_cast<std::int64_t>(args.number(2));
        command.given = args.has(8) ? args.number(8) : 0;
    } else if (sha1 == lua::kRenew.sha1) {
        command.kind = Kind::kRenew;
        command.fence = args.number(1);
        command.pid = args.number(2);
        command.lease_ms = static_cast<std::int64_t>(args.number(3));
    } else if (sha1 == lua::kFinish.sha1) {
        command.kind = Kind::kFinish;
        command.state = args.text(2).front();
        command.data = args.text(3);
        command.fence = args.number(4);
        command.from = args.number(6);
    } else if (sha1 == lua::kProveWrite.sha1) {
        command.kind = Kind::kProof;
    } else {
        throw std::logic_error("a script that the simulator does not know");
    }
    return command;
}

// The time of an entry is its writer's id: nothing in the product looks at it, and the oracle asks for it.
std::string text_of(const Entry& entry) {
    std::string text = std::to_string(entry.seq);
    text.append(1, '|').append(store::check_text(entry.prev));
    text.append(1, '|').append(store::check_text(entry.check));
    text.append(1, '|').append(std::to_string(entry.fence));
    text.append(1, '|').append(1, static_cast<char>(entry.type));
    return text.append(1, '|').append(std::to_string(entry.writer)).append(1, '|').append(entry.data);
}

std::string fields_of(std::size_t stream, const Fields& meta, const Position& head) {
    static const std::string zero = store::check_text(0);
    std::string text = stream < kRuns ? "o|" : "s|";
    text.append(1, meta.state).append("|0|").append(zero);
    text.append(1, '|').append(std::to_string(head.seq));
    text.append(1, '|').append(store::check_text(head.check));
    for (const std::uint64_t field :
         {meta.fence, meta.pid, static_cast<std::uint64_t>(meta.lease_ms), meta.claims})
        text.append(1, '|').append(std::to_string(field));
    return text.append("|0|0|0");
}

void append_number(std::string& out, std::int64_t number) { append_head(out, ':', number); }

}  // namespace

std::string home_of_run(std::size_t run) { return "h" + std::to_string(run); }

std::string id_of(std::size_t stream) {
    return stream < kRuns ? home_of_run(stream) + ".r" : home_of_run(stream - kRuns);
}

std::size_t stream_of(std::string_view id) {
    const std::size_t run = static_cast<std::size_t>(id.at(1) - '0');
    return id.size() == 2 ? session_of(run) : run;
}

std::string channel_of(std::size_t stream) {
    return "streamhost:stream:channel:" + home_of_run(stream % kRuns);
}

Command command_of(std::string_view resp) {
    const std::vector<std::string_view> words = words_of(resp);
    const std::size_t keys = number_in(words.at(2));
    Command command = script_of(words[1], Arguments(words, 3 + keys));
    if (command.kind == Kind::kProof) return command;
    command.stream = stream_of(words.at(3).substr(kMeta.size()));
    if (command.kind == Kind::kTail)
        for (std::size_t key = 0; key < keys; ++key)
            command.streams.push_back(stream_of(words.at(3 + key).substr(kMeta.size())));
    return command;
}

std::string resp_of(const Command& command, const Reply& reply) {
    std::string out;
    const auto status = static_cast<std::int64_t>(reply.status);
    switch (command.kind) {
    case Kind::kTail:
        append_head(out, '*', 1 + static_cast<std::int64_t>(command.streams.size()));
        append_number(out, reply.now_ms);
        for (std::size_t i = 0; i < command.streams.size(); ++i) {
            append_head(out, '*', 2);
            append_word(out, fields_of(command.streams[i], reply.tails[i].first, reply.tails[i].second));
            append_word(out, "");
        }
        return out;
    case Kind::kPublish:
        if (command.is_question && reply.status == Status::kGap) {
            append_head(out, '*', 3);
            append_number(out, status);
            append_word(out, "");
            append_number(out, static_cast<std::int64_t>(reply.head.seq));
            return out;
        }
        append_head(out, '*', 5);
        append_number(out, status);
        append_word(out, "");
        append_number(out, static_cast<std::int64_t>(reply.first));
        append_number(out, static_cast<std::int64_t>(reply.last.seq));
        append_word(out, store::check_text(reply.last.check));
        return out;
    case Kind::kProof:
        append_head(out, '*', 1);
        append_number(out, status);
        return out;
    default: break;
    }
    append_head(out, '*', command.kind == Kind::kRead ? 5 : 4);
    append_number(out, status);
    append_number(out, reply.now_ms);
    append_word(out, fields_of(command.stream, reply.fields, reply.head));
    append_word(out, "");
    if (command.kind != Kind::kRead) return out;
    append_head(out, '*', static_cast<std::int64_t>(reply.entries.size()));
    for (const Entry& entry : reply.entries)
        append_word(out, text_of(entry));
    return out;
}

std::string message_of(const Effect& effect) {
    std::string message = id_of(effect.stream);
    for (const Entry& entry : effect.added) {
        const std::string text = text_of(entry);
        message.append(1, '|').append(std::to_string(text.size())).append(1, '|').append(text);
    }
    return message;
}

}  // namespace streamhost::sim
