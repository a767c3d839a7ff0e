#include "remote_appends.hpp"

#include <memory>
#include <utility>

namespace streamcache {

using streamhost::bytes;
using streamhost::Host;

namespace {

constexpr std::uint32_t kDefaultLeaseMs = 6'000;
constexpr std::int64_t kForgetMs = 60'000;

}  // namespace

void RemoteAppends::claimed(const std::string& stream, const sh_result& claim, std::uint32_t lease_ms) {
    lines_[stream].claimed({claim.last, claim.check}, lease_ms, host_.monotonic_ms());
}

void RemoteAppends::append(RemoteAppend append) {
    const sh_ticket ticket = append.ticket;
    AppendLine& line = lines_[append.what.stream];
    if (!line.add(std::move(append), host_.monotonic_ms()))
        return host_.complete(ticket, SH_BUSY, "too many appends to this stream wait; repeat this one later");
    pump(line);
}

void RemoteAppends::pump(AppendLine& line) {
    auto next = line.next();
    if (!next) return;
    if (const auto check = line.check_before(next->what.seq)) return write(line, *next, *check);
    read_before(line, std::make_shared<RemoteAppend>(std::move(*next)));
}

void RemoteAppends::read_before(AppendLine& line, std::shared_ptr<RemoteAppend> append) {
    const std::uint64_t seq = append->what.seq;
    const sh_bytes stream = bytes(append->what.stream);
    const auto look = [this, &line, append, seq](const sh_result& before) {
        sh_result answer = before;
        if (before.status == SH_OK && seq > before.last + 1)
            return beyond_head(line, *append, before.last + 1);
        if (before.status == SH_OK && seq < before.first) {
            answer = Host::make_result(SH_EXPIRED);
            streamhost::copy_text(answer.detail, "these entries were trimmed");
        }
        if (answer.status != SH_OK) return done(line, append->ticket, answer, false);
        write(line, *append, before.fence);
    };
    store_.run(&sh_store_ext::read, look, stream, seq, 1u, 1u);
}

// A producer that was overtaken has to stop, whatever it wanted to write.
void RemoteAppends::beyond_head(AppendLine& line, const RemoteAppend& append, std::uint64_t expected) {
    const sh_bytes id = bytes(append.what.stream);
    const auto tell = [this, &line, expected, fence = append.what.fence,
                       ticket = append.ticket](const sh_result& tail) {
        sh_result answer = tail;
        for (const sh_stream_info& info : streamhost::infos_of(tail)) {
            answer = Host::make_result(info.fence == fence ? SH_GAP : SH_FENCED);
            answer.first = expected;
        }
        done(line, ticket, answer, false);
    };
    store_.run(&sh_store_ext::tail, tell, &id, 1u);
}

void RemoteAppends::write(AppendLine& line, RemoteAppend& append, std::uint64_t check) {
    const std::uint64_t first = append.what.seq;
    const sh_position at = streamhost::chain(store_, append.what, {first - 1, check});
    const auto settle = [this, &line, at, first, ticket = append.ticket,
                         sent_ms = host_.monotonic_ms()](const sh_result& result) {
        counts_.count(result, host_.monotonic_ms() - sent_ms);
        sh_result answer = result;
        if (result.status == SH_GAP) answer.first = result.last + 1;
        if (result.status == SH_OK) {
            answer.first = first;
            answer.last = at.seq;
            answer.check = at.check;
        }
        done(line, ticket, answer, result.status == SH_OK);
    };
    streamhost::run_append(store_, append.what, 0, lease_of(line), settle);
}

void RemoteAppends::done(AppendLine& line, sh_ticket ticket, const sh_result& answer, bool reached) {
    line.done(reached ? std::optional(sh_position{answer.last, answer.check}) : std::nullopt);
    host_.complete(ticket, answer);
    pump(line);
}

void RemoteAppends::renew(const std::string& stream, std::uint64_t fence, sh_ticket ticket) {
    const auto found = lines_.find(stream);
    if (found != lines_.end()) found->second.touch(host_.monotonic_ms());
    const std::uint32_t lease_ms = found == lines_.end() ? kDefaultLeaseMs : lease_of(found->second);
    store_.run(&sh_store_ext::renew, store_.pass_on(ticket), bytes(stream), fence, std::uint64_t{0},
               lease_ms);
}

// A claim that another node took is not known here: its producer hears at the next claim how long it has, and
// until then this node's appends and renewals are good for the default, which never shortens what is left.
std::uint32_t RemoteAppends::lease_of(const AppendLine& line) noexcept {
    return line.lease_ms() == 0 ? kDefaultLeaseMs : line.lease_ms();
}

void RemoteAppends::tick() {
    const std::int64_t now_ms = host_.monotonic_ms();
    std::erase_if(lines_, [now_ms](const auto& entry) {
        // While a claim may still live its lease is worth keeping.
        const std::int64_t keep_ms = kForgetMs + entry.second.lease_ms();
        return entry.second.is_idle() && now_ms - entry.second.used_ms() > keep_ms;
    });
}

}  // namespace streamcache
